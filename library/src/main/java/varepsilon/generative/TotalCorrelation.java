package varepsilon.generative;

import varepsilon.stats.NormalFit;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;

/**
 * Total correlation KL(p(z) ‖ ∏ p(zⱼ)) in nats, 0 where the dimensions are independent (Watanabe 1960): of normal
 * distributions, in closed form. That of an aggregate posterior is a part of {@link KlDecomposition}.
 */
public final class TotalCorrelation {
    private TotalCorrelation() {}

    /**
     * −½ log det of the correlation matrix.
     *
     * @return infinite where one dimension follows from the others
     * @throws IllegalArgumentException where a variance is not positive, or the matrix no covariance
     */
    public static double of(NormalFit normal) {
        double[][] covariance = normal.covariance();
        int dimensions = covariance.length;
        double[][] correlation = new double[dimensions][dimensions];
        for (int i = 0; i < dimensions; i++) {
            if (!(covariance[i][i] > 0)) {
                throw new IllegalArgumentException(
                        "variance " + covariance[i][i] + " of dimension " + i + ": expected a positive number");
            }
            for (int j = 0; j < dimensions; j++) {
                correlation[i][j] = covariance[i][j] / Math.sqrt(covariance[i][i] * covariance[j][j]);
            }
        }
        double result = 0;
        for (double eigenvalue : eigenvalues(correlation)) {
            if (eigenvalue < -ROUNDING * dimensions) {
                throw new IllegalArgumentException(
                        "not a covariance: its correlation matrix has the eigenvalue " + eigenvalue);
            }
            result -= 0.5 * Math.log(eigenvalue < ROUNDING * dimensions ? 0 : eigenvalue);
        }
        return result;
    }

    // Of the eigenvalues of a matrix whose norm is at most d.
    private static final double ROUNDING = 0x1p-50;

    private static double[] eigenvalues(double[][] symmetric) {
        try (var scope = Scope.withoutGradients()) {
            return Ops.symmetricEigen(NormalFit.matrix(symmetric)).values().toDoubles();
        }
    }
}
