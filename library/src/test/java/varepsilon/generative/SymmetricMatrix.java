package varepsilon.generative;

import java.util.Arrays;

/** What closed forms of normal distributions need of a symmetric positive definite matrix, in plain Java. */
record SymmetricMatrix(double[][] values) {
    /** W·Wᵀ + variance·I for W of D rows. */
    static SymmetricMatrix lowRankPlus(double[][] w, double variance) {
        double[][] values = new double[w.length][w.length];
        for (int i = 0; i < w.length; i++) {
            for (int j = 0; j < w.length; j++) {
                for (int k = 0; k < w[i].length; k++) {
                    values[i][j] += w[i][k] * w[j][k];
                }
            }
            values[i][i] += variance;
        }
        return new SymmetricMatrix(values);
    }

    /** The covariance (divided by the count) of the rows of {@code data} around {@code mean}. */
    static SymmetricMatrix covariance(double[][] data, double[] mean) {
        int d = mean.length;
        double[][] values = new double[d][d];
        for (double[] row : data) {
            for (int i = 0; i < d; i++) {
                for (int j = 0; j < d; j++) {
                    values[i][j] += (row[i] - mean[i]) * (row[j] - mean[j]) / data.length;
                }
            }
        }
        return new SymmetricMatrix(values);
    }

    /** log N(x; mean, this), in nats, by the Cholesky factor. */
    double logNormalDensity(double[] x, double[] mean) {
        double[][] lower = cholesky();
        double result = -0.5 * x.length * Math.log(2 * Math.PI);
        double[] whitened = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            double rest = x[i] - mean[i];
            for (int j = 0; j < i; j++) {
                rest -= lower[i][j] * whitened[j];
            }
            whitened[i] = rest / lower[i][i];
            result -= Math.log(lower[i][i]) + 0.5 * whitened[i] * whitened[i];
        }
        return result;
    }

    private double[][] cholesky() {
        int n = values.length;
        double[][] lower = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double rest = values[i][j];
                for (int k = 0; k < j; k++) {
                    rest -= lower[i][k] * lower[j][k];
                }
                lower[i][j] = i == j ? Math.sqrt(rest) : rest / lower[j][j];
            }
        }
        return lower;
    }

    /** Eigenvalues from the largest down, by Jacobi's rotations. */
    double[] eigenvalues() {
        int n = values.length;
        double[][] a = Arrays.stream(values).map(double[]::clone).toArray(double[][]::new);
        for (int sweep = 0; sweep < 30; sweep++) {
            for (int p = 0; p < n; p++) {
                for (int q = p + 1; q < n; q++) {
                    rotateToZero(a, p, q);
                }
            }
        }
        double[] eigenvalues = new double[n];
        Arrays.setAll(eigenvalues, i -> -a[i][i]);
        Arrays.sort(eigenvalues);
        Arrays.setAll(eigenvalues, i -> -eigenvalues[i]);
        return eigenvalues;
    }

    private static void rotateToZero(double[][] a, int p, int q) {
        double angle = 0.5 * Math.atan2(2 * a[p][q], a[q][q] - a[p][p]);
        double c = Math.cos(angle);
        double s = Math.sin(angle);
        for (double[] row : a) {
            double rowP = row[p];
            row[p] = c * rowP - s * row[q];
            row[q] = s * rowP + c * row[q];
        }
        for (int k = 0; k < a.length; k++) {
            double columnP = a[p][k];
            a[p][k] = c * columnP - s * a[q][k];
            a[q][k] = s * columnP + c * a[q][k];
        }
    }
}
