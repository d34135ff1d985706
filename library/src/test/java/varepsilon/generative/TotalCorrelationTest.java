package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import varepsilon.stats.NormalFit;

class TotalCorrelationTest {
    private static double of(double[][] covariance) {
        return TotalCorrelation.of(new NormalFit(new double[covariance.length], covariance));
    }

    @Test
    void ofTwoDimensionsFollowsFromTheirCorrelation() {
        for (double r : new double[] {0, 0.5, -0.9, 0.999}) {
            double expected = -0.5 * Math.log(1 - r * r);
            assertThat(of(new double[][] {{1, r}, {r, 1}})).isCloseTo(expected, within(1e-12));
            assertThat(of(new double[][] {{100, 10 * 0.2 * r}, {10 * 0.2 * r, 0.04}}))
                    .as("whatever the scales")
                    .isCloseTo(expected, within(1e-12));
        }
    }

    /** One correlation r between all of d dimensions: det = (1 − r)^(d−1) (1 + (d − 1) r). */
    @Test
    void ofEquallyCorrelatedDimensions() {
        int d = 5;
        double r = 0.3;
        double[][] covariance = new double[d][d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                covariance[i][j] = i == j ? 1 : r;
            }
        }

        assertThat(of(covariance))
                .isCloseTo(-0.5 * ((d - 1) * Math.log(1 - r) + Math.log(1 + (d - 1) * r)), within(1e-12));
    }

    @Test
    void isInfiniteWhereOneDimensionFollowsFromTheOthers() {
        assertThat(of(new double[][] {{1, 1}, {1, 1}})).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(of(new double[][] {{1, 0, 1}, {0, 1, 1}, {1, 1, 2}})).isEqualTo(Double.POSITIVE_INFINITY);
    }

    @Test
    void ofDrawsComesToThatOfTheirDistribution() {
        Random random = new Random(3);
        double[][] draws = new double[100_000][];
        for (int i = 0; i < draws.length; i++) {
            double a = random.nextGaussian();
            draws[i] = new double[] {a, 0.6 * a + 0.8 * random.nextGaussian()};
        }

        // −½ log(1 − r²) changes by r/(1 − r²) per r, whose standard error is (1 − r²)/√n: 0.6/√n, times four.
        assertThat(TotalCorrelation.of(NormalFit.of(draws)))
                .isCloseTo(-0.5 * Math.log(0.64), within(4 * 0.6 / Math.sqrt(draws.length)));
    }

    @Test
    void refusesWhatIsNoCovariance() {
        assertThatThrownBy(() -> of(new double[][] {{1, 2}, {2, 1}}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("eigenvalue -1");
        assertThatThrownBy(() -> of(new double[][] {{1, 0}, {0, 0}}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("variance 0.0 of dimension 1");
    }
}
