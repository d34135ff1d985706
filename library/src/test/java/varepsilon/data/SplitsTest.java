package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class SplitsTest {
    @Property(tries = 100)
    void partsShareNothingAndLeaveNothingOver(
            @ForAll @Size(min = 1, max = 5) List<@IntRange(max = 300) Integer> wanted, @ForAll long seed) {
        int[] sizes = wanted.stream().mapToInt(Integer::intValue).toArray();
        int n = Arrays.stream(sizes).sum();
        Assume.that(n > 0);
        int[][] parts = Splits.random(n, sizes, seed);
        assertThat(Arrays.stream(parts).map(part -> part.length)).isEqualTo(wanted);
        int[] all = Arrays.stream(parts).flatMapToInt(Arrays::stream).sorted().toArray();
        assertThat(all).isEqualTo(IntStream.range(0, n).toArray());
    }

    @Property(tries = 50)
    void oneSeedGivesOneSplit(@ForAll @IntRange(min = 2, max = 500) int n, @ForAll long seed) {
        int[] sizes = {n - 1, 1};
        assertThat(Splits.random(n, sizes, seed)).isDeepEqualTo(Splits.random(n, sizes, seed));
    }

    @Test
    void theSplitOfMnistIsAtRandomAndStays() {
        int[][] parts = Splits.random(60_000, new int[] {54_000, 6_000}, 42);
        assertThat(parts[1]).hasSize(6_000);
        // A recorded value: with another split, results of different versions could not be compared.
        assertThat(Arrays.hashCode(parts[1])).isEqualTo(17729502);
        // The mean of 6,000 of 60,000 has a standard deviation of 212.
        assertThat(Arrays.stream(parts[1]).average().orElseThrow()).isBetween(28_900.0, 31_100.0);
        assertThat(Splits.random(60_000, new int[] {54_000, 6_000}, 43)[1]).isNotEqualTo(parts[1]);
    }

    @Test
    void refusesPartsThatDoNotAddUp() {
        assertThatThrownBy(() -> Splits.random(10, new int[] {6, 5}, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[6, 5]")
                .hasMessageContaining("10");
        assertThatThrownBy(() -> Splits.random(10, new int[] {11, -1}, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> Splits.random(0, new int[] {0}, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("n 0");
    }
}
