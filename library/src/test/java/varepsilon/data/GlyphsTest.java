package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GlyphsTest {
    private static final ImageSet TRAIN = Glyphs.draw("glyphs/train", 5_000, 1);
    private static final ImageSet TEST = Glyphs.draw("glyphs/test", 1_000, 2);

    @Test
    void drawsTheSameBytesOnEveryMachine() {
        // A recorded value: it changes only when the drawing is changed on purpose.
        assertThat(Glyphs.draw("x", 200, 42).sha256())
                .isEqualTo("d4ccf44db2347370a1797abb260ebf86eddaab925298f345d5b993ab0484d9b1");
    }

    @Test
    void fewerImagesAreTheFirstOfMore() {
        assertThat(Glyphs.draw("x", 50, 1).sha256()).isEqualTo(TRAIN.limit(50).sha256());
        assertThat(Glyphs.draw("x", 50, 3).sha256())
                .isNotEqualTo(TRAIN.limit(50).sha256());
    }

    @Test
    void noTwoImagesAreEqual() {
        Set<ByteBuffer> seen = new HashSet<>();
        for (ImageSet set : new ImageSet[] {TRAIN, TEST}) {
            for (int i = 0; i < set.size(); i++) {
                assertThat(seen.add(ByteBuffer.wrap(set.image(i)))).isTrue();
            }
        }
    }

    @Test
    void allDigitsAreAboutAsFrequent() {
        for (int count : TRAIN.classCounts()) {
            // 5,000 draws of probability 1/10: five standard deviations are 106.
            assertThat(count).isBetween(394, 606);
        }
    }

    @Test
    void inkIsLikeMnists() {
        ImageSet.Statistics statistics = TRAIN.statistics();
        assertThat(statistics.mean().get(0)).isBetween(0.12, 0.145);
        assertThat(statistics.std().get(0)).isBetween(0.29, 0.325);
        int[] levels = new int[256];
        for (int i = 0; i < TRAIN.size(); i++) {
            for (byte pixel : TRAIN.image(i)) {
                levels[pixel & 0xff]++;
            }
        }
        assertThat(levels).as("every grey level occurs").doesNotContain(0);
    }

    @Test
    void inkIsCentred() {
        for (int i = 0; i < TRAIN.size(); i++) {
            byte[] image = TRAIN.image(i);
            double mass = 0;
            double x = 0;
            double y = 0;
            for (int p = 0; p < image.length; p++) {
                int ink = image[p] & 0xff;
                mass += ink;
                x += ink * (p % 28);
                y += ink * (p / 28);
            }
            assertThat(x / mass).as("image %d", i).isBetween(11.5, 15.5);
            assertThat(y / mass).as("image %d", i).isBetween(11.5, 15.5);
            assertThat(mass / 255).as("ink of image %d, in pixels", i).isBetween(15.0, 330.0);
        }
    }

    @Test
    void theNearestClassMeanTellsDigitsApart() {
        double[][] means = new double[10][784];
        int[] counts = TRAIN.classCounts();
        for (int i = 0; i < TRAIN.size(); i++) {
            byte[] image = TRAIN.image(i);
            double[] mean = means[TRAIN.label(i)];
            for (int p = 0; p < image.length; p++) {
                mean[p] += (image[p] & 0xff) / (double) counts[TRAIN.label(i)];
            }
        }
        int right = 0;
        for (int i = 0; i < TEST.size(); i++) {
            byte[] image = TEST.image(i);
            double[] distances = Arrays.stream(means)
                    .mapToDouble(mean -> squaredDistance(image, mean))
                    .toArray();
            int nearest = 0;
            for (int digit = 1; digit < 10; digit++) {
                nearest = distances[digit] < distances[nearest] ? digit : nearest;
            }
            right += nearest == TEST.label(i) ? 1 : 0;
        }
        assertThat(right).isGreaterThan(700);
    }

    private static double squaredDistance(byte[] image, double[] mean) {
        double sum = 0;
        for (int p = 0; p < image.length; p++) {
            double difference = (image[p] & 0xff) - mean[p];
            sum += difference * difference;
        }
        return sum;
    }

    @Test
    void refusesNoImages() {
        assertThatThrownBy(() -> Glyphs.draw("x", 0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("count 0");
    }
}
