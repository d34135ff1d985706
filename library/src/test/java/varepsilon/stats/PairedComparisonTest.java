package varepsilon.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairedComparisonTest {
    @ParameterizedTest
    // By hand: twice the sum of the binomial coefficients up to the smaller count, over a power of two.
    @CsvSource({"0, 0, 1", "5, 5, 1", "5, 6, 1", "10, 0, 0.001953125", "1, 7, 0.0703125", "2, 8, 0.109375"})
    void exactTestOfSmallCounts(int onlyFirst, int onlySecond, double expected) {
        assertThat(new PairedComparison(1, onlyFirst, onlySecond, 0).pValue()).isCloseTo(expected, within(1e-12));
        assertThat(new PairedComparison(1, onlySecond, onlyFirst, 0).pValue()).isCloseTo(expected, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"121, 59", "40, 70", "300, 1", "1000, 1100"})
    void exactTestAgainstWholeNumbers(int onlyFirst, int onlySecond) {
        int n = onlyFirst + onlySecond;
        BigInteger term = BigInteger.ONE;
        BigInteger sum = BigInteger.ONE;
        for (int k = 1; k <= Math.min(onlyFirst, onlySecond); k++) {
            term = term.multiply(BigInteger.valueOf(n - k + 1)).divide(BigInteger.valueOf(k));
            sum = sum.add(term);
        }
        double expected = new BigDecimal(sum.shiftLeft(1))
                .divide(new BigDecimal(BigInteger.ONE.shiftLeft(n)), MathContext.DECIMAL64)
                .doubleValue();

        assertThat(new PairedComparison(1, onlyFirst, onlySecond, 0).pValue() / expected)
                .isCloseTo(1, within(1e-9));
    }

    @Test
    void refusesNegativeCounts() {
        assertThatThrownBy(() -> new PairedComparison(1, -1, 3, 0).pValue())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
    }

    @Test
    void countsTheTableOfTwoModels() {
        boolean[] first = {true, true, true, false, false, true};
        boolean[] second = {true, false, false, true, false, true};
        PairedComparison pairs = PairedComparison.of(first, second);

        assertThat(pairs).isEqualTo(new PairedComparison(2, 2, 1, 1));
        assertThat(pairs.n()).isEqualTo(6);
        assertThat(pairs.first()).isEqualTo(new Accuracy(4, 6));
        assertThat(pairs.second()).isEqualTo(new Accuracy(3, 6));
        assertThat(pairs.difference()).isCloseTo(1.0 / 6, within(1e-15));
        assertThat(pairs.pValue()).isEqualTo(1);
    }

    @Test
    void refusesOtherExamples() {
        assertThatThrownBy(() -> PairedComparison.of(new boolean[3], new boolean[4]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 and 4 examples");
        assertThatThrownBy(() -> PairedComparison.of(new boolean[0], new boolean[0]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no examples");
        assertThatThrownBy(() -> new PairedComparison(1, -1, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Newcombe 1998, paired data, the example of table II (a). */
    @Test
    void differenceAsPublished() {
        Interval interval = new PairedComparison(36, 12, 2, 0).interval();

        assertThat(interval.low()).isCloseTo(0.0569, within(5.1e-5));
        assertThat(interval.high()).isCloseTo(0.3404, within(5.1e-5));
    }

    /** Wald's interval, b − c ± 1.96·√(b + c − (b − c)²/n), is what every good one comes to with many examples. */
    @Test
    void differenceOfManyExamplesIsThatOfTheNormalApproximation() {
        PairedComparison pairs = new PairedComparison(600_000, 110_000, 90_000, 200_000);
        double half = 1.959963984540054 * Math.sqrt(200_000 - 20_000.0 * 20_000 / 1_000_000) / 1_000_000;

        assertThat(pairs.interval().low()).isCloseTo(0.02 - half, within(1e-6));
        assertThat(pairs.interval().high()).isCloseTo(0.02 + half, within(1e-6));
    }

    @Test
    void differenceTurnsItsSignWithTheModels() {
        Interval there = new PairedComparison(30, 9, 4, 7).interval();
        Interval back = new PairedComparison(30, 4, 9, 7).interval();

        assertThat(back.low()).isCloseTo(-there.high(), within(1e-12));
        assertThat(back.high()).isCloseTo(-there.low(), within(1e-12));
    }

    /** Newcombe 1998, independent proportions, all examples of table II, by method 10. */
    @ParameterizedTest
    @CsvSource({
        "56, 70, 48, 80, 0.0524, 0.3339",
        "9, 10, 3, 10, 0.1705, 0.8090",
        "6, 7, 2, 7, 0.0582, 0.8062",
        "5, 56, 0, 29, -0.0381, 0.1926",
        "0, 10, 0, 20, -0.1611, 0.2775",
        "0, 10, 0, 10, -0.2775, 0.2775",
        "10, 10, 0, 20, 0.6791, 1.0000",
        "10, 10, 0, 10, 0.6075, 1.0000"
    })
    void differenceOfIndependentExamplesAsPublished(
            int correct1, int n1, int correct2, int n2, double low, double high) {
        Accuracy first = new Accuracy(correct1, n1);
        Accuracy second = new Accuracy(correct2, n2);
        Interval interval = first.less(second);

        assertThat(interval.low()).isCloseTo(low, within(5.1e-5));
        assertThat(interval.high()).isCloseTo(high, within(5.1e-5));

        Interval back = second.less(first);
        assertThat(back.low()).isCloseTo(-interval.high(), within(1e-15));
        assertThat(back.high()).isCloseTo(-interval.low(), within(1e-15));
    }

    /** Wald's interval, with the variances of both rates added. */
    @Test
    void differenceOfManyIndependentExamplesIsThatOfTheNormalApproximation() {
        Interval interval = new Accuracy(600_000, 1_000_000).less(new Accuracy(1_000_000, 2_000_000));
        double half = 1.959963984540054 * Math.sqrt(0.6 * 0.4 / 1_000_000 + 0.5 * 0.5 / 2_000_000);

        assertThat(interval.low()).isCloseTo(0.1 - half, within(1e-6));
        assertThat(interval.high()).isCloseTo(0.1 + half, within(1e-6));
    }

    /** Draws pairs of which the difference is known, and counts how often the interval covers it. */
    @ParameterizedTest
    @CsvSource({"0.6, 0.15, 0.05", "0.1, 0.05, 0.02", "0.3, 0.3, 0.3"})
    void differenceIsCoveredAsOftenAsIsSaid(double bothRight, double onlyFirst, double onlySecond) {
        Random random = new Random(7);
        int draws = 4000;
        int covered = 0;
        for (int draw = 0; draw < draws; draw++) {
            int[] counts = new int[4];
            for (int i = 0; i < 100; i++) {
                double u = random.nextDouble();
                counts[
                        u < bothRight
                                ? 0
                                : u < bothRight + onlyFirst ? 1 : u < bothRight + onlyFirst + onlySecond ? 2 : 3]++;
            }
            Interval interval = new PairedComparison(counts[0], counts[1], counts[2], counts[3]).interval();
            double truth = onlyFirst - onlySecond;
            covered += interval.low() <= truth && truth <= interval.high() ? 1 : 0;
        }

        // Newcombe finds 0.94 to 0.97 for most tables; four standard errors of the count are 0.014.
        assertThat((double) covered / draws).isBetween(0.935, 0.985);
    }
}
