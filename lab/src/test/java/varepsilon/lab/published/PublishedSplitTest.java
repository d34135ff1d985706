package varepsilon.lab.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.data.ImageSet;

class PublishedSplitTest {
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
        PublishedSplit split = PublishedSplit.of(numbered(10_000), PublishedSplit.VALIDATION_RATIO, 42);
        assertThat(split.validation().size()).isEqualTo(7_500);
        assertThat(split.test().size()).isEqualTo(2_500);
        int[] all = IntStream.concat(Arrays.stream(numbers(split.validation())), Arrays.stream(numbers(split.test())))
                .sorted()
                .toArray();
        assertThat(all).isEqualTo(IntStream.range(0, 10_000).toArray());
        // A recorded value: with another split, results of different versions could not be compared.
        assertThat(Arrays.hashCode(numbers(split.test()))).isEqualTo(1798264735);
        assertThat(numbers(PublishedSplit.of(numbered(10_000), 0.75, 42).test()))
                .isEqualTo(numbers(split.test()));
        assertThat(numbers(PublishedSplit.of(numbered(10_000), 0.75, 43).test()))
                .isNotEqualTo(numbers(split.test()));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, 0.04, 0.96, -1, 2, Double.NaN})
    void refusesATestInTwoWithNothingInOne(double ratio) {
        assertThatThrownBy(() -> PublishedSplit.of(numbered(10), ratio, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("" + ratio);
    }
}
