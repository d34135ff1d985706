package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    /** A set whose image i is the two bytes of the number i. */
    private static ImageSet numbered(int size) {
        ByteBuffer pixels = ByteBuffer.allocate(2 * size);
        for (int i = 0; i < size; i++) {
            pixels.putShort((short) i);
        }
        return ImageSet.unlabelled("numbered", pixels.array(), 1, 1, 2);
    }

    private static int[] numbers(ImageSet set) {
        return IntStream.range(0, set.size())
                .map(i -> ByteBuffer.wrap(set.image(i)).getShort())
                .toArray();
    }

    @Test
    void thePublishedExperimentTestsOnAQuarterOfTheTestImages() {
        Splits.TestInTwo split = Splits.testInTwo(numbered(10_000), Splits.PUBLISHED_VALIDATION_RATIO, 42);
        assertThat(split.validation().size()).isEqualTo(7_500);
        assertThat(split.test().size()).isEqualTo(2_500);
        int[] all = IntStream.concat(Arrays.stream(numbers(split.validation())), Arrays.stream(numbers(split.test())))
                .sorted()
                .toArray();
        assertThat(all).isEqualTo(IntStream.range(0, 10_000).toArray());
        // A recorded value: with another split, results of different versions could not be compared.
        assertThat(Arrays.hashCode(numbers(split.test()))).isEqualTo(1798264735);
        assertThat(numbers(Splits.testInTwo(numbered(10_000), 0.75, 42).test())).isEqualTo(numbers(split.test()));
        assertThat(numbers(Splits.testInTwo(numbered(10_000), 0.75, 43).test())).isNotEqualTo(numbers(split.test()));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, 0.04, 0.96, -1, 2, Double.NaN})
    void refusesATestInTwoWithNothingInOne(double ratio) {
        assertThatThrownBy(() -> Splits.testInTwo(numbered(10), ratio, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("" + ratio);
    }
}
