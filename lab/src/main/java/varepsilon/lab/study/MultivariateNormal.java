package varepsilon.lab.study;

import java.util.Arrays;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;

/**
 * N(mean, L·Lᵀ) with any covariance, in double precision.
 *
 * @param mean n numbers
 * @param factor of the covariance
 */
record MultivariateNormal(double[] mean, Cholesky factor) {
    private static final double LOG_TWO_PI = Math.log(2 * Math.PI);

    /** @throws IllegalArgumentException where the covariance is not positive definite */
    static MultivariateNormal of(double[] mean, double[][] covariance) {
        return new MultivariateNormal(mean, Cholesky.of(covariance));
    }

    /** N(0, I). */
    static MultivariateNormal standard(int n) {
        return diagonal(new double[n], filled(n, 1));
    }

    /** Independent dimensions. */
    static MultivariateNormal diagonal(double[] mean, double[] std) {
        double[][] lower = new double[std.length][std.length];
        for (int i = 0; i < std.length; i++) {
            lower[i][i] = std[i];
        }
        return new MultivariateNormal(mean, new Cholesky(lower));
    }

    /** A number of standard normal draws. */
    static double[] noise(Rng rng, long count) {
        try (var scope = Scope.withoutGradients()) {
            return rng.normal(DType.FLOAT64, count).toDoubles();
        }
    }

    int dimensions() {
        return mean.length;
    }

    /** The same with all standard deviations multiplied. */
    MultivariateNormal widened(double stretch) {
        int n = mean.length;
        double[][] lower = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                lower[i][j] = stretch * factor.lower()[i][j];
            }
        }
        return new MultivariateNormal(mean, new Cholesky(lower));
    }

    /** L·Lᵀ. */
    double[][] covariance() {
        int n = mean.length;
        double[][] result = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                for (int k = 0; k <= Math.min(i, j); k++) {
                    result[i][j] += factor.lower()[i][k] * factor.lower()[j][k];
                }
            }
        }
        return result;
    }

    /** mean + L·noise: a draw, where the noise is standard normal. */
    double[] at(double[] noise) {
        double[] result = factor.times(noise);
        for (int i = 0; i < result.length; i++) {
            result[i] += mean[i];
        }
        return result;
    }

    /** log density, in nats. */
    double logDensity(double[] z) {
        double[] off = new double[z.length];
        for (int i = 0; i < z.length; i++) {
            off[i] = z[i] - mean[i];
        }
        return -0.5 * (z.length * LOG_TWO_PI + factor.logDeterminant() + squares(factor.whitened(off)));
    }

    /** KL(this ‖ other) in nats: ½ [tr(Σ₂⁻¹Σ₁) + (μ₂ − μ₁)ᵀΣ₂⁻¹(μ₂ − μ₁) − n + log det Σ₂ − log det Σ₁]. */
    double kullbackLeibler(MultivariateNormal other) {
        int n = mean.length;
        double trace = 0;
        double[] off = new double[n];
        for (int j = 0; j < n; j++) {
            off[j] = other.mean[j] - mean[j];
            double[] column = new double[n];
            for (int i = j; i < n; i++) {
                column[i] = factor.lower()[i][j];
            }
            trace += squares(other.factor.whitened(column)); // tr(Σ₂⁻¹Σ₁) = |L₂⁻¹L₁|²
        }
        return 0.5
                * (trace
                        + squares(other.factor.whitened(off))
                        - n
                        + other.factor.logDeterminant()
                        - factor.logDeterminant());
    }

    static double squares(double[] v) {
        double sum = 0;
        for (double x : v) {
            sum += x * x;
        }
        return sum;
    }

    private static double[] filled(int n, double value) {
        double[] result = new double[n];
        Arrays.fill(result, value);
        return result;
    }
}
