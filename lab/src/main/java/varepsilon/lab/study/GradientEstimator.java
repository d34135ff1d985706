package varepsilon.lab.study;

import varepsilon.tensor.Rng;

/**
 * Ways to estimate the gradient of E_q[f(z)] with respect to the mean and the log standard deviations of a normal q
 * with independent dimensions, from one draw z = mean + std·ε.
 */
enum GradientEstimator {
    /** ∂f/∂z · ∂z/∂(mean, logStd): z is differentiated (Kingma, Welling 2014). */
    REPARAMETERISED("reparameterised"),
    /** f(z) · ∂ log q(z)/∂(mean, logStd): only q's density is differentiated (Williams 1992). */
    SCORE_FUNCTION("score function"),
    /** The same with f(z) less its mean, which changes no expectation since E_q[∂ log q] = 0. */
    SCORE_FUNCTION_WITH_BASELINE("score function, baseline");

    private final String label;

    GradientEstimator(String label) {
        this.label = label;
    }

    /** The display name. */
    String label() {
        return label;
    }

    /**
     * f(z) = log p(x|z) of probabilistic PCA for one image, and a q.
     *
     * @param model gives p(x|z)
     * @param x the image
     * @param mean of q
     * @param std of q
     */
    record Point(ProbabilisticPca model, double[] x, double[] mean, double[] std) {
        int latentDim() {
            return mean.length;
        }

        /** E_q[f]. */
        double expectation() {
            return model.expectedLogLikelihood(x, MultivariateNormal.diagonal(mean, std));
        }

        /** The gradient in closed form: Wᵀ(x − W·mean)/σ² for the mean, −std²·diag(WᵀW)/σ² for the log std. */
        double[] gradient() {
            int n = latentDim();
            double[] result = new double[2 * n];
            double[] slope = slope(mean);
            double[][] gram = model.gram();
            for (int i = 0; i < n; i++) {
                result[i] = slope[i];
                result[n + i] = -std[i] * std[i] * gram[i][i] / (model.std() * model.std());
            }
            return result;
        }

        /** ∂f/∂z. */
        double[] slope(double[] z) {
            double[] rest = model.decoded(z);
            for (int i = 0; i < rest.length; i++) {
                rest[i] = (x[i] - rest[i]) / (model.std() * model.std());
            }
            return model.transposed(rest);
        }
    }

    /**
     * Mean and variance of many single-draw estimates; 2·latentDim coordinates: the mean's, then the log std's.
     *
     * @param mean of the estimates
     * @param variance of single estimates, coordinate by coordinate
     * @param draws how many there were
     */
    record Statistics(double[] mean, double[] variance, int draws) {
        /** Summed over the coordinates. */
        double totalVariance() {
            double sum = 0;
            for (double value : variance) {
                sum += value;
            }
            return sum;
        }

        /** The largest distance of a coordinate's mean from the truth, in standard errors. */
        double worstBias(double[] truth) {
            double worst = 0;
            for (int i = 0; i < truth.length; i++) {
                worst = Math.max(worst, Math.abs(mean[i] - truth[i]) / Math.sqrt(variance[i] / draws));
            }
            return worst;
        }
    }

    /** So many estimates with one draw each. */
    Statistics estimates(Point problem, int draws, Rng rng) {
        int n = problem.latentDim();
        double baseline = this == SCORE_FUNCTION_WITH_BASELINE ? problem.expectation() : 0;
        double[] noise = MultivariateNormal.noise(rng, (long) draws * n);
        double[] mean = new double[2 * n];
        double[] squares = new double[2 * n];
        for (int draw = 0; draw < draws; draw++) {
            double[] estimate = estimate(problem, noise, draw * n, baseline);
            for (int i = 0; i < estimate.length; i++) {
                // Welford's recurrence: no cancellation where the mean is large.
                double off = estimate[i] - mean[i];
                mean[i] += off / (draw + 1);
                squares[i] += off * (estimate[i] - mean[i]);
            }
        }
        for (int i = 0; i < squares.length; i++) {
            squares[i] /= draws - 1;
        }
        return new Statistics(mean, squares, draws);
    }

    private double[] estimate(Point problem, double[] noise, int from, double baseline) {
        int n = problem.latentDim();
        double[] z = new double[n];
        for (int i = 0; i < n; i++) {
            z[i] = problem.mean()[i] + problem.std()[i] * noise[from + i];
        }
        double[] result = new double[2 * n];
        if (this == REPARAMETERISED) {
            double[] slope = problem.slope(z);
            for (int i = 0; i < n; i++) {
                result[i] = slope[i];
                result[n + i] = slope[i] * problem.std()[i] * noise[from + i];
            }
        } else {
            double f = problem.model().logLikelihood(problem.x(), z) - baseline;
            for (int i = 0; i < n; i++) {
                double e = noise[from + i];
                result[i] = f * e / problem.std()[i];
                result[n + i] = f * (e * e - 1);
            }
        }
        return result;
    }
}
