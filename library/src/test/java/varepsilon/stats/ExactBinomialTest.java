package varepsilon.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExactBinomialTest {
    /** Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 5. */
    @ParameterizedTest
    @CsvSource({"81, 263, 0.2527, 0.3676", "15, 148, 0.0578, 0.1617", "0, 20, 0, 0.1684", "1, 29, 0.0009, 0.1776"})
    void asPublished(int count, int n, double low, double high) {
        assertThat(ExactBinomial.lowerBound(count, n, 0.025)).isCloseTo(low, within(5.1e-5));
        assertThat(1 - ExactBinomial.lowerBound(n - count, n, 0.025)).isCloseTo(high, within(5.1e-5));
    }

    /** All of n is expected with probability pⁿ, and at least one with 1 − (1 − p)ⁿ. */
    @ParameterizedTest
    @CsvSource({"1, 0.05", "2, 0.950625", "10, 1e-6", "100, 0.001", "100000, 0.001"})
    void closedForms(int n, double alpha) {
        assertThat(ExactBinomial.lowerBound(n, n, alpha)).isCloseTo(Math.pow(alpha, 1.0 / n), within(1e-14));
        double one = -Math.expm1(Math.log1p(-alpha) / n);
        assertThat(ExactBinomial.lowerBound(1, n, alpha) / one).isCloseTo(1, within(1e-9));
        assertThat(ExactBinomial.lowerBound(0, n, alpha)).isZero();
    }

    /** Its definition: at the bound, as many or more are expected with probability α. */
    @Test
    void solvesTheTailEquation() {
        for (int n = 1; n <= 40; n++) {
            for (int count = 1; count <= n; count++) {
                double bound = ExactBinomial.lowerBound(count, n, 0.03);
                assertThat(tail(count, n, bound)).isCloseTo(0.03, within(1e-12));
            }
        }
    }

    /** Of every count that can occur, those with a bound above the true probability have probability α at most. */
    @ParameterizedTest
    @ValueSource(doubles = {0.001, 0.05, 0.4})
    void isTooHighWithAtMostProbabilityAlpha(double alpha) {
        for (int n = 1; n <= 25; n++) {
            for (double p = 0.005; p < 1; p += 0.005) {
                int least = 0;
                while (least <= n && ExactBinomial.lowerBound(least, n, alpha) <= p) {
                    least++;
                }
                assertThat(tail(least, n, p)).as("%d draws at %s", n, p).isLessThanOrEqualTo(alpha);
            }
        }
    }

    /** The probability of {@code least} or more of n. */
    private static double tail(int least, int n, double p) {
        double sum = 0;
        double choose = 1;
        for (int k = 0; k <= n; k++) {
            sum += k >= least ? choose * Math.pow(p, k) * Math.pow(1 - p, n - k) : 0;
            choose = choose * (n - k) / (k + 1);
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 1", "3, 3, 1", "8, 2, 0.109375", "2, 8, 0.109375", "10, 0, 0.001953125", "0, 1, 1"})
    void pValuesOfEqualProbability(int first, int second, double expected) {
        assertThat(ExactBinomial.pValue(first, second)).isCloseTo(expected, within(1e-15));
    }

    @Test
    void refusesCountsThatDoNotFit() {
        for (int[] counts : new int[][] {{0, 0}, {-1, 5}, {6, 5}, {0, -1}}) {
            assertThatThrownBy(() -> ExactBinomial.lowerBound(counts[0], counts[1], 0.1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(counts[0] + " of " + counts[1]);
        }
        for (double alpha : new double[] {0, 1, -0.1, 1.1, Double.NaN}) {
            assertThatThrownBy(() -> ExactBinomial.lowerBound(1, 2, alpha))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("α " + alpha);
        }
        assertThatThrownBy(() -> ExactBinomial.pValue(-1, 3)).isInstanceOf(IllegalArgumentException.class);
    }
}
