package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.ScopedTest;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

class AugmentationTest extends ScopedTest {
    private static Batch batch(int size, int channels, int height, int width) {
        byte[] bytes = new byte[size * channels * height * width];
        new Random(7).nextBytes(bytes);
        long[] labels = IntStream.range(0, size).mapToLong(i -> i % 10).toArray();
        int[] indices = IntStream.range(0, size).map(i -> 3 * i).toArray();
        return new Batch(Tensor.of(bytes, size, channels, height, width), Tensor.of(labels, size), indices, size);
    }

    private static Batch apply(Augmentation augmentation, Batch batch, long seed) {
        try (Rng rng = Seed.of(seed).stream()) {
            return augmentation.apply(batch, rng);
        }
    }

    private static byte[] image(Batch batch, int i) {
        int dimensions = batch.bytes().length / batch.size();
        return Arrays.copyOfRange(batch.bytes(), i * dimensions, (i + 1) * dimensions);
    }

    /** The definition, pixel by pixel: pad with zeros, cut out the window at (top, left). */
    private static byte[] cutOut(byte[] image, int height, int width, int padding, int top, int left) {
        byte[] cut = new byte[image.length];
        for (int k = 0; k < cut.length; k++) {
            int channel = k / (height * width);
            int y = k / width % height + top - padding;
            int x = k % width + left - padding;
            boolean inside = y >= 0 && y < height && x >= 0 && x < width;
            cut[k] = inside ? image[(channel * height + y) * width + x] : 0;
        }
        return cut;
    }

    private static byte[] mirrored(byte[] image, int width) {
        byte[] mirrored = new byte[image.length];
        for (int k = 0; k < image.length; k++) {
            mirrored[k] = image[k - k % width + width - 1 - k % width];
        }
        return mirrored;
    }

    /** How often each window (top · windows + left) was cut out; each image must show exactly one of them. */
    private static long[] windows(Batch before, Batch after, int padding) {
        int height = (int) before.images().size(2);
        int width = (int) before.images().size(3);
        int windows = 2 * padding + 1;
        byte[] all = before.bytes();
        byte[] allCut = after.bytes();
        int dimensions = all.length / before.size();
        long[] counts = new long[windows * windows];
        for (int n = 0; n < before.size(); n++) {
            byte[] image = Arrays.copyOfRange(all, n * dimensions, (n + 1) * dimensions);
            byte[] cut = Arrays.copyOfRange(allCut, n * dimensions, (n + 1) * dimensions);
            List<Integer> found = new ArrayList<>();
            for (int window = 0; window < counts.length; window++) {
                if (Arrays.equals(cut, cutOut(image, height, width, padding, window / windows, window % windows))) {
                    found.add(window);
                }
            }
            assertThat(found).as("windows that image %d shows", n).hasSize(1);
            counts[found.get(0)]++;
        }
        return counts;
    }

    @ParameterizedTest
    @CsvSource({"40,3,32,32,4", "40,1,28,28,4", "60,2,5,7,4", "9,3,4,4,0", "30,1,4,9,1"})
    void aCropIsAWindowOfThePaddedImage(int size, int channels, int height, int width, int padding) {
        Batch before = batch(size, channels, height, width);
        Batch after = apply(new RandomCrop(padding), before, 1);
        assertThat(after.images().shape()).containsExactly(size, channels, height, width);
        assertThat(Arrays.stream(windows(before, after, padding)).sum()).isEqualTo(size);
    }

    @Test
    void everyWindowIsEquallyLikely() {
        int perWindow = 40;
        Batch before = batch(81 * perWindow, 1, 6, 6);
        long[] counts = windows(before, apply(new RandomCrop(4), before, 2), 4);
        double chiSquared = Arrays.stream(counts)
                .mapToDouble(count -> (double) (count - perWindow) * (count - perWindow) / perWindow)
                .sum();
        assertThat(chiSquared)
                .isBetween(
                        ChiSquaredDistribution.of(80).inverseCumulativeProbability(0.001),
                        ChiSquaredDistribution.of(80).inverseCumulativeProbability(0.999));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.2, 0.5, 1})
    void aFlipSwapsLeftAndRightAsOftenAsAsked(double probability) {
        int size = 500;
        Batch before = batch(size, 2, 3, 5);
        Batch after = apply(new HorizontalFlip(probability), before, 3);
        int flipped = 0;
        for (int n = 0; n < size; n++) {
            byte[] image = image(before, n);
            if (!Arrays.equals(image(after, n), image)) {
                assertThat(image(after, n)).isEqualTo(mirrored(image, 5));
                flipped++;
            }
        }
        double deviation = Math.sqrt(size * probability * (1 - probability));
        assertThat((double) flipped)
                .isBetween(size * probability - 3.3 * deviation, size * probability + 3.3 * deviation);
    }

    @Test
    void oneAfterTheOther() {
        Batch before = batch(50, 3, 8, 8);
        Batch both = apply(new RandomCrop(2).then(new HorizontalFlip(1)), before, 4);
        Batch cropped = apply(new RandomCrop(2), before, 4);
        for (int n = 0; n < 50; n++) {
            assertThat(image(both, n)).isEqualTo(mirrored(image(cropped, n), 8));
        }
    }

    @Test
    void theStreamDecidesEverything() {
        Augmentation usual = new RandomCrop(4).then(new HorizontalFlip(0.5));
        Batch before = batch(64, 3, 32, 32);
        byte[] once = apply(usual, before, 5).bytes();
        assertThat(apply(usual, before, 5).bytes()).isEqualTo(once);
        assertThat(apply(usual, before, 6).bytes()).isNotEqualTo(once);
    }

    @Test
    void labelsIndicesAndTheOriginalStay() {
        Batch before = batch(20, 3, 8, 8);
        byte[] original = before.bytes();
        Batch after = apply(new RandomCrop(4).then(new HorizontalFlip(0.5)), before, 8);
        assertThat(after.labels().toLongs()).isEqualTo(before.labels().toLongs());
        assertThat(after.indices()).isEqualTo(before.indices());
        assertThat(after.size()).isEqualTo(20);
        assertThat(after.images().dtype()).isEqualTo(DType.UINT8);
        assertThat(before.bytes()).isEqualTo(original);
        assertThat(after.bytes()).isNotEqualTo(original);
        Batch unlabelled = new Batch(before.images(), null, before.indices(), 20);
        assertThat(apply(new RandomCrop(4), unlabelled, 8).size()).isEqualTo(20);
    }

    @Test
    void noneLeavesBatchAndStreamAlone() {
        Batch before = batch(3, 1, 4, 4);
        try (Rng rng = Seed.of(9).stream()) {
            byte[] state = rng.state();
            assertThat(Augmentation.none().apply(before, rng)).isSameAs(before);
            assertThat(rng.state()).isEqualTo(state);
        }
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> new RandomCrop(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
        for (double probability : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThatThrownBy(() -> new HorizontalFlip(probability))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("" + probability);
        }
        assertThatThrownBy(() -> apply(new RandomCrop(4), batch(2, 1, 4, 9), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("padding 4 for images of 4×9");
        Batch floats = new Batch(Tensor.zeros(DType.FLOAT32, 1, 1, 8, 8), null, new int[] {0}, 1);
        for (Augmentation augmentation : List.of(new RandomCrop(4), new HorizontalFlip(0.5))) {
            assertThatThrownBy(() -> apply(augmentation, floats, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("FLOAT32");
        }
    }
}
