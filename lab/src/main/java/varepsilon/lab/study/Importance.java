package varepsilon.lab.study;

import java.util.Arrays;
import varepsilon.tensor.Rng;

/** Importance sampling on probabilistic PCA: p(x) = E_q[w] with w = p(x|z)·p(z)/q(z). */
final class Importance {
    private Importance() {}

    /** log w for so many draws of z from the proposal q, in nats. */
    static double[] logWeights(ProbabilisticPca model, double[] x, MultivariateNormal proposal, int draws, Rng rng) {
        int latentDim = model.latentDim();
        MultivariateNormal prior = MultivariateNormal.standard(latentDim);
        double[] noise = MultivariateNormal.noise(rng, (long) draws * latentDim);
        double[] result = new double[draws];
        for (int i = 0; i < draws; i++) {
            double[] z = proposal.at(Arrays.copyOfRange(noise, i * latentDim, (i + 1) * latentDim));
            result[i] = model.logLikelihood(x, z) + prior.logDensity(z) - proposal.logDensity(z);
        }
        return result;
    }

    /** |p̂/p − 1| where p̂ is the mean of the weights {@code from} to {@code to}, the latter left out. */
    static double relativeError(double[] logWeights, int from, int to, double logTruth) {
        double logMean = logSumExp(logWeights, from, to, 1) - Math.log(to - from);
        return Math.abs(Math.expm1(logMean - logTruth));
    }

    /** (Σw)² / (n·Σw²): the effective sample size (Kong 1992) as a share of the n samples. */
    static double effectiveShare(double[] logWeights) {
        int n = logWeights.length;
        return Math.exp(2 * logSumExp(logWeights, 0, n, 1) - logSumExp(logWeights, 0, n, 2)) / n;
    }

    /**
     * log E_p(z)[(p(z|x)/p(z))²] in nats, in closed form: the logarithm of what (E w)²/E w² is one over.
     *
     * <p>p(z|x)²/p(z) is proportional to a normal density with the mean c = 2·(2I − S)⁻¹·m and the precision
     * B = 2S⁻¹ − I, for a posterior N(m, S) under the prior N(0, I). Its integral is therefore that quotient over that
     * density, at any z; here at c.
     */
    static double logSecondMomentUnderPrior(MultivariateNormal posterior) {
        int n = posterior.dimensions();
        double[][] twoLessCovariance = posterior.covariance();
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                twoLessCovariance[i][j] = (i == j ? 2 : 0) - twoLessCovariance[i][j];
            }
        }
        Cholesky factor = Cholesky.of(twoLessCovariance);
        double[] centre = factor.solve(
                Arrays.stream(posterior.mean()).map(mean -> 2 * mean).toArray());
        double logDeterminantOfPrecision =
                factor.logDeterminant() - posterior.factor().logDeterminant();
        double logPeak = 0.5 * (logDeterminantOfPrecision - n * Math.log(2 * Math.PI));
        return 2 * posterior.logDensity(centre) - MultivariateNormal.standard(n).logDensity(centre) - logPeak;
    }

    /** log Σ exp(factor·value), safe against overflow. */
    private static double logSumExp(double[] values, int from, int to, double factor) {
        double most = Double.NEGATIVE_INFINITY;
        for (int i = from; i < to; i++) {
            most = Math.max(most, factor * values[i]);
        }
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += Math.exp(factor * values[i] - most);
        }
        return most + Math.log(sum);
    }
}
