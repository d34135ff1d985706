package varepsilon.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IntervalTest {
    /** Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3. */
    @ParameterizedTest
    @CsvSource({"81, 263, 0.2553, 0.3662", "15, 148, 0.0624, 0.1605", "0, 20, 0, 0.1611", "1, 29, 0.0061, 0.1718"})
    void asPublished(int count, int n, double low, double high) {
        Interval interval = Interval.ofShare(count, n);

        assertThat(interval.low()).isCloseTo(low, within(5.1e-5));
        assertThat(interval.high()).isCloseTo(high, within(5.1e-5));
    }

    /** Its definition: at either bound q, the observed share lies 1.96 of q's own standard errors away. */
    @ParameterizedTest
    @CsvSource({"1, 2", "2290, 2500", "3, 1000", "999, 1000"})
    void solvesTheScoreEquation(int count, int n) {
        double share = (double) count / n;
        Interval interval = Interval.ofShare(count, n);

        for (double q : new double[] {interval.low(), interval.high()}) {
            assertThat(Math.abs(share - q) / Math.sqrt(q * (1 - q) / n)).isCloseTo(1.959963984540054, within(1e-9));
        }
    }

    @Test
    void allAndNoneEndExactlyAtTheEnds() {
        for (int n = 1; n < 300; n++) {
            assertThat(Interval.ofShare(0, n).low()).isZero();
            assertThat(Interval.ofShare(n, n).high()).isEqualTo(1);
            assertThat(Interval.ofShare(0, n).high())
                    .isCloseTo(1 - Interval.ofShare(n, n).low(), within(1e-12));
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "-1, 5", "6, 5", "0, -1"})
    void refusesCountsThatDoNotFit(int count, int n) {
        assertThatThrownBy(() -> Interval.ofShare(count, n))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(count + " of " + n);
        assertThatThrownBy(() -> new Accuracy(count, n)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void accuracyCountsWhatIsTrue() {
        Accuracy accuracy = Accuracy.of(new boolean[] {true, false, true, true});

        assertThat(accuracy).isEqualTo(new Accuracy(3, 4));
        assertThat(accuracy.rate()).isEqualTo(0.75);
        assertThat(accuracy.interval()).isEqualTo(Interval.ofShare(3, 4));
    }
}
