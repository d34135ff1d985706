package varepsilon.stats;

import java.util.Arrays;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The normal distribution fitted to vectors.
 *
 * @param mean d numbers
 * @param covariance d×d, symmetric
 */
public record NormalFit(double[] mean, double[][] covariance) {
    /** Rejects a covariance that is not d×d. */
    public NormalFit {
        for (double[] row : covariance) {
            if (row.length != mean.length || covariance.length != mean.length) {
                throw new IllegalArgumentException("a covariance of " + covariance.length + " rows, one of "
                        + row.length + " numbers, for a mean of " + mean.length);
            }
        }
    }

    /**
     * The mean of the vectors and their unbiased covariance, divided by their number less one.
     *
     * @param vectors N×d, N at least 2
     */
    public static NormalFit of(double[][] vectors) {
        if (vectors.length < 2) {
            throw new IllegalArgumentException(vectors.length + " vectors: expected at least 2");
        }
        try (var scope = Scope.withoutGradients()) {
            Tensor rows = matrix(vectors);
            Tensor mean = rows.mean(0);
            Tensor deviations = rows.sub(mean);
            Tensor covariance = deviations.transpose(0, 1).matmul(deviations).div(vectors.length - 1.0);
            return new NormalFit(mean.toDoubles(), rows(covariance));
        }
    }

    /** FLOAT64 N×d of the rows of an array, in the open scope. */
    public static Tensor matrix(double[][] rows) {
        int columns = rows[0].length;
        double[] flat = new double[Math.multiplyExact(rows.length, columns)];
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != columns) {
                throw new IllegalArgumentException(
                        "row " + i + " has " + rows[i].length + " numbers, and row 0 has " + columns);
            }
            System.arraycopy(rows[i], 0, flat, i * columns, columns);
        }
        return Tensor.of(flat, rows.length, columns);
    }

    private static double[][] rows(Tensor matrix) {
        double[] flat = matrix.toDoubles();
        int columns = (int) matrix.size(1);
        double[][] rows = new double[(int) matrix.size(0)][];
        Arrays.setAll(rows, i -> Arrays.copyOfRange(flat, i * columns, (i + 1) * columns));
        return rows;
    }
}
