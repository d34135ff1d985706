package varepsilon.coding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class FrequencyTableTest {
    @Test
    void frequenciesByHand() {
        FrequencyTable table = FrequencyTable.of(new float[] {1, 0, 2, 1}, 4);
        // 16 − 4 = 12 are shared out as 3, 0, 6, 3; each symbol has one more.
        assertThat(cumulative(table)).containsExactly(0, 4, 5, 12, 16);
        assertThat(table.symbolAt(4)).isEqualTo(1);
        assertThat(table.bits(0)).isEqualTo(2);
    }

    @Test
    void aSliceOfWeightsIsATableOfItsOwn() {
        FrequencyTable table = FrequencyTable.of(new float[] {9, 9, 1, 0, 2, 1, 9}, 2, 4, 4);
        assertThat(cumulative(table)).containsExactly(0, 4, 5, 12, 16);
    }

    @Test
    void oneSymbolCostsNothing() {
        FrequencyTable table = FrequencyTable.of(new float[] {0.3f}, 10);
        assertThat(table.bits(0)).isZero();
        assertThat(cumulative(table)).containsExactly(0, 1024);
    }

    @Test
    void asManySymbolsAsThereAreFrequencies() {
        FrequencyTable table = FrequencyTable.of(new float[] {1, 0, 5, 0}, 2);
        assertThat(cumulative(table)).containsExactly(0, 1, 2, 3, 4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FrequencyTable.of(new float[] {1, 0, 5, 0, 1}, 2))
                .withMessageStartingWith("5 symbols with a precision of 2 bits");
    }

    @Test
    void whatIsNoDistributionIsRefused() {
        for (float[] wrong :
                new float[][] {{}, {0, 0}, {1, -1}, {1, Float.NaN}, {Float.POSITIVE_INFINITY, 1}, {Float.NaN}}) {
            assertThatIllegalArgumentException().isThrownBy(() -> FrequencyTable.of(wrong, 8));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> FrequencyTable.of(new float[] {1}, 31));
        assertThatIllegalArgumentException().isThrownBy(() -> new Uniform(0, 3));
        assertThatIllegalArgumentException().isThrownBy(() -> new Uniform(9, 3));
        assertThatIllegalArgumentException().isThrownBy(() -> Uniform.ofBits(31));
    }

    @Test
    void uniformFrequenciesDifferByOneAtMost() {
        assertThat(cumulative(new Uniform(3, 4))).containsExactly(0, 5, 10, 16);
        assertThat(cumulative(Uniform.ofBits(2))).containsExactly(0, 1, 2, 3, 4);
        assertThat(new Uniform(1 << 30, 30).cumulative(1 << 30)).isEqualTo(1 << 30);
    }

    private static int[] cumulative(QuantisedDistribution distribution) {
        int[] all = new int[distribution.symbols() + 1];
        for (int i = 0; i < all.length; i++) {
            all[i] = distribution.cumulative(i);
        }
        return all;
    }
}
