package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import varepsilon.base.InputException;
import varepsilon.base.Watch;

class CorruptionTest {
    private static final ImageShape COLOUR = new ImageShape(3, 32, 32);
    private static final ImageShape GREY = new ImageShape(1, 28, 20);

    /** Edges, gradients and texture. */
    private static byte[] picture(ImageShape shape, int index) {
        byte[] image = new byte[shape.channels() * shape.height() * shape.width()];
        for (int i = 0; i < image.length; i++) {
            int column = i % shape.width();
            int row = i / shape.width() % shape.height();
            int channel = i / (shape.width() * shape.height());
            double wave = Math.sin((row + 2 * channel + index) / 3.0) * Math.cos(column / (4.0 + channel));
            image[i] = (byte) (int) (90 + 40 * wave + (row / 7 + column / 9 + index) % 2 * 40 + (i * 7919) % 61);
        }
        return image;
    }

    private static double squaredError(Corruption corruption, int severity) {
        double sum = 0;
        for (int index = 0; index < 8; index++) {
            byte[] before = picture(COLOUR, index);
            byte[] after = corruption.of(before, COLOUR, severity, 1, index);
            for (int i = 0; i < before.length; i++) {
                sum += Math.pow((before[i] & 0xff) - (after[i] & 0xff), 2) / before.length / 8;
            }
        }
        return sum;
    }

    /** Of elastic transformations the severe ones bend more and move less. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ELASTIC_TRANSFORM")
    void theMostSevereChangesMore(Corruption corruption) {
        double least = squaredError(corruption, 1);
        assertThat(least).isPositive();
        assertThat(squaredError(corruption, 5)).isGreaterThan(least);
    }

    /** A ramp stays one where it is moved, and is bent at higher severities. */
    @Test
    void elasticTransformationsBendMore() {
        byte[] ramp = new byte[32 * 32];
        for (int i = 0; i < ramp.length; i++) {
            ramp[i] = (byte) (3 * (i % 32) + 3 * (i / 32));
        }
        double[] bent = new double[6];
        for (int severity = 1; severity <= 5; severity++) {
            for (int index = 0; index < 10; index++) {
                byte[] after = Corruption.ELASTIC_TRANSFORM.of(ramp, new ImageShape(1, 32, 32), severity, 1, index);
                for (int i = 0; i < 16 * 14; i++) {
                    int at = (8 + i / 14) * 32 + 9 + i % 14;
                    bent[severity] +=
                            Math.abs((after[at - 1] & 0xff) - 2 * (after[at] & 0xff) + (after[at + 1] & 0xff));
                }
            }
        }
        // At the first two severities that is the rounding to levels.
        assertThat(bent[4]).isGreaterThan(1.3 * Math.max(bent[1], bent[2]));
        assertThat(bent[5]).isGreaterThan(1.5 * bent[4]);
    }

    @ParameterizedTest
    @EnumSource
    void shapeIsKeptAndRandomNumbersAreTheImages(Corruption corruption) {
        for (ImageShape shape : List.of(COLOUR, GREY, new ImageShape(3, 1, 1), new ImageShape(1, 2, 5))) {
            for (int severity = 1; severity <= 5; severity++) {
                byte[] before = picture(shape, 3);
                byte[] after = corruption.of(before, shape, severity, 7, 3);
                assertThat(after).hasSameSizeAs(before);
                assertThat(before).isEqualTo(picture(shape, 3));
                assertThat(corruption.of(before, shape, severity, 7, 3)).isEqualTo(after);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"DEFOCUS_BLUR", "ZOOM_BLUR", "BRIGHTNESS", "CONTRAST", "PIXELATE", "JPEG_COMPRESSION"})
    void otherImagesAndSeedsHaveOtherRandomNumbers(Corruption corruption) {
        byte[] image = picture(COLOUR, 0);
        byte[] one = corruption.of(image, COLOUR, 3, 7, 3);
        assertThat(corruption.of(image, COLOUR, 3, 7, 4)).isNotEqualTo(one);
        assertThat(corruption.of(image, COLOUR, 3, 8, 3)).isNotEqualTo(one);
    }

    private static byte[] bytes(int... levels) {
        byte[] bytes = new byte[levels.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) levels[i];
        }
        return bytes;
    }

    /** 0.3 more of the largest channel: 76.5 levels, and the other channels by the same factor. */
    @Test
    void brightnessIsTheValueOfHsv() {
        ImageShape pixel = new ImageShape(3, 1, 2);
        byte[] image = bytes(100, 0, 50, 0, 0, 0);
        assertThat(Corruption.BRIGHTNESS.of(image, pixel, 5, 0, 0))
                .isEqualTo(bytes(176, 76, (int) (50 * 1.765), 76, 0, 76));
        assertThat(Corruption.BRIGHTNESS.of(bytes(250, 10), new ImageShape(1, 1, 2), 1, 0, 0))
                .isEqualTo(bytes(255, 22));
    }

    /** A mean of 100: differences of 60 become 30 at severity 2, and 9 at severity 5. */
    @Test
    void contrastShrinksTowardsTheMeanOfEachChannel() {
        ImageShape shape = new ImageShape(3, 1, 2);
        byte[] image = bytes(40, 160, 10, 10, 0, 200);
        assertThat(Corruption.CONTRAST.of(image, shape, 2, 0, 0)).isEqualTo(bytes(70, 130, 10, 10, 50, 150));
        assertThat(Corruption.CONTRAST.of(image, shape, 5, 0, 0)).isEqualTo(bytes(91, 109, 10, 10, 85, 115));
    }

    /** Four pixels become two at severity 5, int(4 · 0.65), and three at severity 4, of which one covers the middle two. */
    @Test
    void pixelsBecomeMeansOfBlocks() {
        ImageShape row = new ImageShape(1, 1, 4);
        assertThat(Corruption.PIXELATE.of(bytes(10, 30, 100, 102), row, 5, 0, 0))
                .isEqualTo(bytes(20, 20, 101, 101));
        byte[] square = bytes(0, 4, 8, 12, 0, 4, 8, 12, 100, 104, 8, 12, 100, 104, 8, 12);
        assertThat(Corruption.PIXELATE.of(square, new ImageShape(1, 4, 4), 5, 0, 0))
                .isEqualTo(bytes(2, 2, 10, 10, 2, 2, 10, 10, 102, 102, 10, 10, 102, 102, 10, 10));
    }

    /** A disk of radius 1 has five pixels, of which a Gaussian of σ 0.2 takes a millionth: 40 levels, and just below. */
    @Test
    void defocusIsTheMeanOfADisk() {
        byte[] point = new byte[49];
        point[24] = (byte) 200;
        byte[] blurred = Corruption.DEFOCUS_BLUR.of(point, new ImageShape(1, 7, 7), 4, 0, 0);
        for (int i = 0; i < 49; i++) {
            int distance = Math.abs(i / 7 - 3) + Math.abs(i % 7 - 3);
            assertThat((int) blurred[i]).isEqualTo(distance == 0 ? 40 : distance == 1 ? 39 : 0);
        }
    }

    @Test
    void noiseHasItsMeanAndDeviation() {
        byte[] grey = new byte[3 * 64 * 64];
        Arrays.fill(grey, (byte) 128);
        ImageShape shape = new ImageShape(3, 64, 64);
        double[] gaussian = moments(Corruption.GAUSSIAN_NOISE.of(grey, shape, 3, 1, 0));
        // Rounded down: half a level less, and 1/12 more variance.
        assertThat(gaussian[0]).isCloseTo(127.5, within(0.8));
        assertThat(gaussian[1]).isCloseTo(0.08 * 255, within(0.6));
        for (int severity : new int[] {1, 5}) {
            double count = severity == 1 ? 500 : 50;
            double[] shot = moments(Corruption.SHOT_NOISE.of(grey, shape, severity, 1, 0));
            assertThat(shot[0]).isCloseTo(127.7, within(1.5));
            assertThat(shot[1]).isCloseTo(255 * Math.sqrt(128 / 255.0 / count), within(0.06 * shot[1]));
        }
        byte[] impulse = Corruption.IMPULSE_NOISE.of(grey, shape, 5, 1, 0);
        long black = count(impulse, 0);
        long white = count(impulse, 255);
        assertThat((black + white) / (double) grey.length).isCloseTo(0.07, within(0.01));
        assertThat(black / (double) (black + white)).isCloseTo(0.5, within(0.06));
        assertThat(count(impulse, 128)).isEqualTo(grey.length - black - white);
    }

    private static long count(byte[] image, int level) {
        long count = 0;
        for (byte value : image) {
            count += (value & 0xff) == level ? 1 : 0;
        }
        return count;
    }

    private static double[] moments(byte[] image) {
        double mean = 0;
        double square = 0;
        for (byte value : image) {
            mean += (value & 0xff) / (double) image.length;
            square += Math.pow(value & 0xff, 2) / image.length;
        }
        return new double[] {mean, Math.sqrt(square - mean * mean)};
    }

    /** Small means by waiting times, larger ones by rejection: both with mean and variance as they should be. */
    @Test
    void countsArePoisson() {
        for (double mean : new double[] {0, 0.5, 9.9, 10.1, 60, 480}) {
            Draw draw = new Draw(3);
            int n = 20_000;
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < n; i++) {
                double count = draw.poisson(mean);
                sum += count / n;
                squares += count * count / n;
            }
            double error = Math.sqrt(mean / n);
            assertThat(sum).isCloseTo(mean, within(4 * error + 1e-12));
            assertThat(squares - sum * sum).isCloseTo(mean, within(0.05 * mean + 1e-9));
        }
    }

    @Test
    void aSetIsCorruptedWithItsLabels() {
        byte[] pixels = Arrays.copyOf(picture(COLOUR, 0), 2 * 3072);
        ImageSet images = ImageSet.labelled("two", pixels, 3, 32, 32, new int[] {1, 0}, List.of("a", "b"));
        ImageSet fog = Corruption.FOG.of(images, 2, 5, Watch.NONE);
        assertThat(fog.name()).isEqualTo("two fog 2");
        assertThat(fog.labels()).containsExactly(1, 0);
        assertThat(fog.image(1)).isEqualTo(Corruption.FOG.of(images.image(1), COLOUR, 2, 5, 1));
    }

    @Test
    void namesSeveritiesAndChannelsAreChecked() {
        assertThat(Corruption.named("motion-blur")).isEqualTo(Corruption.MOTION_BLUR);
        assertThatThrownBy(() -> Corruption.named("rain"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("corruption 'rain': expected one of gaussian-noise, shot-noise");
        assertThatThrownBy(() -> Corruption.FOG.of(new byte[3072], COLOUR, 6, 0, 0))
                .isInstanceOf(InputException.class)
                .hasMessage("severity 6: expected 1 to 5");
        assertThatThrownBy(() -> Corruption.FOG.of(new byte[8], new ImageShape(2, 2, 2), 1, 0, 0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("2 channels");
    }
}
