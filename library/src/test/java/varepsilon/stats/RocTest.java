package varepsilon.stats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RocTest {
    @Test
    void byHand() {
        // Pairs in which the positive is larger: of 1: none; of 3: both of 2 and 1, of 4: three; of 2: one, and a tie.
        Roc roc = new Roc(new double[] {2, 1, 3.5}, new double[] {3, 4, 2});
        assertThat(roc.area().value()).isCloseTo((2 + 3 + 1.5) / 9, within(1e-15));
        assertThat(new Roc(new double[] {1, 2}, new double[] {3, 4}).area()).isEqualTo(new Interval(1, 1, 1));
        assertThat(new Roc(new double[] {3, 4}, new double[] {1, 2}).area().value())
                .isZero();
    }

    @Test
    void truePositivesAreThoseAboveTheThreshold() {
        double[] negatives = new double[100];
        for (int i = 0; i < 100; i++) {
            negatives[i] = i;
        }
        Roc roc = new Roc(negatives, new double[] {94, 94.5, 98, 1, 200});
        // Five of a hundred negatives are above 94.
        assertThat(roc.truePositives(0.05)).isEqualTo(Interval.ofShare(3, 5));
        assertThat(roc.truePositives(0)).isEqualTo(Interval.ofShare(1, 5));
    }

    /** N(0, 1) against N(1, 1): the area is Φ(1/√2) = 0.760250. */
    @Test
    void theIntervalCoversTheArea() {
        Random random = new Random(5);
        double truth = 0.7602499389065233;
        int covered = 0;
        int repeats = 400;
        for (int r = 0; r < repeats; r++) {
            double[] negatives =
                    random.doubles(80).map(u -> random.nextGaussian()).toArray();
            double[] positives =
                    random.doubles(60).map(u -> 1 + random.nextGaussian()).toArray();
            Interval area = new Roc(negatives, positives).area();
            covered += area.low() <= truth && truth <= area.high() ? 1 : 0;
        }
        assertThat(covered / (double) repeats).isBetween(0.91, 0.98);
    }

    @Test
    void fewAndNoNumbersAreRefused() {
        assertThatThrownBy(() -> new Roc(new double[] {1}, new double[] {1, 2}))
                .hasMessageContaining("at least 2 of each");
        assertThatThrownBy(() -> new Roc(new double[] {1, Double.NaN}, new double[] {1, 2}))
                .hasMessageContaining("not a number");
    }
}
