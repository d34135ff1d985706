package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import varepsilon.stats.NormalFit;

class FrechetDistanceTest {
    private static final Random RANDOM = new Random(5);

    private static double[][] draws(int n, int d) {
        double[][] draws = new double[n][d];
        for (double[] row : draws) {
            for (int j = 0; j < d; j++) {
                row[j] = RANDOM.nextGaussian();
            }
        }
        return draws;
    }

    private static double[][] times(double[][] a, double[][] b) {
        double[][] product = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b[0].length; j++) {
                for (int k = 0; k < b.length; k++) {
                    product[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return product;
    }

    private static double[][] covariance(int d) {
        return NormalFit.of(draws(4 * d, d)).covariance();
    }

    @Test
    void ofOneDimensionIsTheDistanceOfMeansAndStandardDeviations() {
        NormalFit a = new NormalFit(new double[] {1}, new double[][] {{4}});
        NormalFit b = new NormalFit(new double[] {-2}, new double[][] {{25}});

        assertThat(FrechetDistance.between(a, b)).isCloseTo(3 * 3 + (5 - 2) * (5 - 2), within(1e-12));
    }

    @Test
    void ofIndependentDimensionsIsTheSum() {
        NormalFit a = new NormalFit(new double[] {0, 1, 5}, new double[][] {{1, 0, 0}, {0, 4, 0}, {0, 0, 0}});
        NormalFit b = new NormalFit(new double[] {0, 1, 7}, new double[][] {{9, 0, 0}, {0, 4, 0}, {0, 0, 16}});

        assertThat(FrechetDistance.between(a, b)).isCloseTo(2 * 2 + 0 + (2 * 2 + 4 * 4), within(1e-12));
    }

    /** For 2×2 matrices (tr M^½)² = tr M + 2·√det M, by the theorem of Cayley and Hamilton. */
    @Test
    void ofTwoDimensionsWhoseCovariancesDoNotCommute() {
        double[][] first = {{2, 0.9}, {0.9, 1}};
        double[][] second = {{1, -0.5}, {-0.5, 3}};
        double[][] product = times(first, second);
        double trace = product[0][0] + product[1][1];
        double determinant = (2 - 0.81) * (3 - 0.25);
        double expected = 3 + 4 - 2 * Math.sqrt(trace + 2 * Math.sqrt(determinant));

        double[] mean = {1, 1};
        assertThat(FrechetDistance.between(new NormalFit(mean, first), new NormalFit(mean, second)))
                .isCloseTo(expected, within(1e-12));
    }

    /** Against the root of Σ₁Σ₂ itself, by the iteration of Denman, Beavers 1976. */
    @Test
    void ofManyDimensionsAgainstAnotherWayToTheRoot() {
        int d = 6;
        double[][] first = covariance(d);
        double[][] second = covariance(d);
        double[][] y = times(first, second);
        double[][] z = new double[d][d];
        for (int i = 0; i < d; i++) {
            z[i][i] = 1;
        }
        for (int step = 0; step < 50; step++) {
            double[][] nextY = mean(y, inverse(z));
            z = mean(z, inverse(y));
            y = nextY;
        }
        double expected = 0;
        for (int i = 0; i < d; i++) {
            expected += first[i][i] + second[i][i] - 2 * y[i][i];
        }

        double[] mean = new double[d];
        double found = FrechetDistance.between(new NormalFit(mean, first), new NormalFit(mean, second));
        assertThat(found).isCloseTo(expected, within(1e-10));
        assertThat(FrechetDistance.between(new NormalFit(mean, second), new NormalFit(mean, first)))
                .isCloseTo(found, within(1e-10));
    }

    @Test
    void ofFeaturesAgainstThemselvesMovedAndStretched() {
        double[][] features = draws(200, 3);
        double[][] moved = new double[200][];
        double[][] stretched = new double[200][];
        for (int i = 0; i < 200; i++) {
            moved[i] = new double[] {features[i][0] + 3, features[i][1], features[i][2] - 4};
            stretched[i] = new double[] {3 * features[i][0], 3 * features[i][1], 3 * features[i][2]};
        }
        NormalFit fit = NormalFit.of(features);
        double squares = 0; // of what is moved by the stretching: (3 − 1)² times |μ|² + tr Σ
        for (int j = 0; j < 3; j++) {
            squares += fit.mean()[j] * fit.mean()[j] + fit.covariance()[j][j];
        }

        assertThat(FrechetDistance.between(features, features)).isCloseTo(0, within(1e-12));
        assertThat(FrechetDistance.between(features, moved)).isCloseTo(25, within(1e-10));
        assertThat(FrechetDistance.between(features, stretched)).isCloseTo(4 * squares, within(1e-10));
    }

    @Test
    void fewerImagesThanDimensionsAreNoProblem() {
        double[][] features = draws(3, 8);

        // Roots of eigenvalues that are 0 up to rounding errors of 1e-16 are errors of 1e-8.
        assertThat(FrechetDistance.between(features, features)).isCloseTo(0, within(1e-6));
    }

    @Test
    void refusesFeaturesOfOtherDimensions() {
        assertThatThrownBy(() -> FrechetDistance.between(draws(5, 2), draws(5, 3)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 and 3 dimensions");
    }

    private static double[][] mean(double[][] a, double[][] b) {
        double[][] mean = new double[a.length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a.length; j++) {
                mean[i][j] = (a[i][j] + b[i][j]) / 2;
            }
        }
        return mean;
    }

    /** By elimination with pivots. */
    private static double[][] inverse(double[][] matrix) {
        int n = matrix.length;
        double[][] a = new double[n][2 * n];
        for (int i = 0; i < n; i++) {
            System.arraycopy(matrix[i], 0, a[i], 0, n);
            a[i][n + i] = 1;
        }
        for (int column = 0; column < n; column++) {
            int pivot = column;
            for (int i = column + 1; i < n; i++) {
                pivot = Math.abs(a[i][column]) > Math.abs(a[pivot][column]) ? i : pivot;
            }
            double[] row = a[pivot];
            a[pivot] = a[column];
            a[column] = row;
            double scale = row[column];
            for (int j = 0; j < 2 * n; j++) {
                row[j] /= scale;
            }
            for (int i = 0; i < n; i++) {
                double factor = i == column ? 0 : a[i][column];
                for (int j = 0; j < 2 * n; j++) {
                    a[i][j] -= factor * row[j];
                }
            }
        }
        double[][] inverse = new double[n][n];
        for (int i = 0; i < n; i++) {
            System.arraycopy(a[i], n, inverse[i], 0, n);
        }
        return inverse;
    }
}
