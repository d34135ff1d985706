package varepsilon.lab.study;

import varepsilon.tensor.Rng;

/**
 * Probabilistic principal component analysis (Tipping, Bishop 1999): p(z) = N(0, I), p(x|z) = N(W·z, σ²I). A
 * latent-variable model whose p(x) and p(z|x) are known in closed form, used to check estimators.
 *
 * @param w W, D×latentDim
 * @param std σ
 */
record ProbabilisticPca(double[][] w, double std) {
    private static final double LOG_TWO_PI = Math.log(2 * Math.PI);

    /**
     * A model whose W is drawn at random, so that all latent dimensions are about equally well known from an image: the
     * posterior has about 1/(1 + signal) of the prior's variance.
     *
     * @param dimensions D; many times latentDim, or the columns of W are far from orthogonal
     * @param signal squared length of a column of W, in units of σ²
     */
    static ProbabilisticPca drawn(int dimensions, int latentDim, double std, double signal, Rng rng) {
        double[] noise = MultivariateNormal.noise(rng, (long) dimensions * latentDim);
        double scale = std * Math.sqrt(signal / dimensions);
        double[][] w = new double[dimensions][latentDim];
        for (int i = 0; i < dimensions; i++) {
            for (int j = 0; j < latentDim; j++) {
                w[i][j] = scale * noise[i * latentDim + j];
            }
        }
        return new ProbabilisticPca(w, std);
    }

    int dimensions() {
        return w.length;
    }

    int latentDim() {
        return w[0].length;
    }

    /** An image from p(x). */
    double[] sample(Rng rng) {
        double[] x = decoded(MultivariateNormal.noise(rng, latentDim()));
        double[] noise = MultivariateNormal.noise(rng, dimensions());
        for (int i = 0; i < x.length; i++) {
            x[i] += std * noise[i];
        }
        return x;
    }

    /** W·z, the mean of p(x|z). */
    double[] decoded(double[] z) {
        double[] result = new double[w.length];
        for (int i = 0; i < w.length; i++) {
            for (int j = 0; j < z.length; j++) {
                result[i] += w[i][j] * z[j];
            }
        }
        return result;
    }

    /** p(x) = N(0, WWᵀ + σ²I). */
    MultivariateNormal evidence() {
        int n = w.length;
        double[][] covariance = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                for (int k = 0; k < latentDim(); k++) {
                    covariance[i][j] += w[i][k] * w[j][k];
                }
            }
            covariance[i][i] += std * std;
        }
        return MultivariateNormal.of(new double[n], covariance);
    }

    /** p(z|x) = N(M⁻¹Wᵀx, σ²M⁻¹) with M = WᵀW + σ²I. */
    MultivariateNormal posterior(double[] x) {
        double[][] m = gram();
        for (int i = 0; i < m.length; i++) {
            m[i][i] += std * std;
        }
        Cholesky factor = Cholesky.of(m);
        double[][] covariance = factor.inverse();
        for (double[] row : covariance) {
            for (int j = 0; j < row.length; j++) {
                row[j] *= std * std;
            }
        }
        return MultivariateNormal.of(factor.solve(transposed(x)), covariance);
    }

    /** log p(x|z) in nats. */
    double logLikelihood(double[] x, double[] z) {
        double[] mean = decoded(z);
        double squares = 0;
        for (int i = 0; i < x.length; i++) {
            squares += (x[i] - mean[i]) * (x[i] - mean[i]);
        }
        return -0.5 * (squares / (std * std) + x.length * (LOG_TWO_PI + 2 * Math.log(std)));
    }

    /** E_q[log p(x|z)] in nats: log p(x|E_q[z]) − tr(WᵀW·Cov_q[z]) / 2σ². */
    double expectedLogLikelihood(double[] x, MultivariateNormal q) {
        double[][] gram = gram();
        double[][] covariance = q.covariance();
        double trace = 0;
        for (int i = 0; i < gram.length; i++) {
            for (int j = 0; j < gram.length; j++) {
                trace += gram[i][j] * covariance[j][i];
            }
        }
        return logLikelihood(x, q.mean()) - trace / (2 * std * std);
    }

    /** E_q[log p(x|z)] − KL(q ‖ p(z)) in nats: neither p(x) nor p(z|x) is needed. */
    double elbo(double[] x, MultivariateNormal q) {
        return expectedLogLikelihood(x, q) - q.kullbackLeibler(MultivariateNormal.standard(latentDim()));
    }

    /** Wᵀv. */
    double[] transposed(double[] v) {
        double[] result = new double[latentDim()];
        for (int i = 0; i < w.length; i++) {
            for (int j = 0; j < result.length; j++) {
                result[j] += w[i][j] * v[i];
            }
        }
        return result;
    }

    /** WᵀW. */
    double[][] gram() {
        int n = latentDim();
        double[][] result = new double[n][n];
        for (double[] row : w) {
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    result[i][j] += row[i] * row[j];
                }
            }
        }
        return result;
    }
}
