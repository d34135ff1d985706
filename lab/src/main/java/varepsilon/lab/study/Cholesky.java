package varepsilon.lab.study;

/**
 * The factor L of a symmetric positive definite matrix A = L·Lᵀ: the form of a covariance that normal distributions
 * use.
 *
 * @param lower L, n×n
 */
record Cholesky(double[][] lower) {
    /** @throws IllegalArgumentException where the matrix is not positive definite */
    static Cholesky of(double[][] matrix) {
        int n = matrix.length;
        double[][] lower = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double rest = matrix[i][j];
                for (int k = 0; k < j; k++) {
                    rest -= lower[i][k] * lower[j][k];
                }
                if (i == j && !(rest > 0)) {
                    throw new IllegalArgumentException("pivot " + i + " is " + rest + ": expected a positive one");
                }
                lower[i][j] = i == j ? Math.sqrt(rest) : rest / lower[j][j];
            }
        }
        return new Cholesky(lower);
    }

    /** log det A. */
    double logDeterminant() {
        double sum = 0;
        for (int i = 0; i < lower.length; i++) {
            sum += 2 * Math.log(lower[i][i]);
        }
        return sum;
    }

    /** L·v. */
    double[] times(double[] v) {
        double[] result = new double[v.length];
        for (int i = 0; i < v.length; i++) {
            for (int j = 0; j <= i; j++) {
                result[i] += lower[i][j] * v[j];
            }
        }
        return result;
    }

    /** L⁻¹·v. */
    double[] whitened(double[] v) {
        double[] result = new double[v.length];
        for (int i = 0; i < v.length; i++) {
            double rest = v[i];
            for (int j = 0; j < i; j++) {
                rest -= lower[i][j] * result[j];
            }
            result[i] = rest / lower[i][i];
        }
        return result;
    }

    /** A⁻¹·v. */
    double[] solve(double[] v) {
        double[] result = whitened(v);
        for (int i = v.length - 1; i >= 0; i--) {
            for (int j = i + 1; j < v.length; j++) {
                result[i] -= lower[j][i] * result[j];
            }
            result[i] /= lower[i][i];
        }
        return result;
    }

    /** A⁻¹. */
    double[][] inverse() {
        int n = lower.length;
        double[][] result = new double[n][];
        for (int i = 0; i < n; i++) {
            double[] unit = new double[n];
            unit[i] = 1;
            result[i] = solve(unit);
        }
        return result;
    }
}
