package varepsilon.lab.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.Watch;
import varepsilon.data.ImageShape;
import varepsilon.generative.LevelImages;

class LosslessSizesTest {
    private static LevelImages noise(int n, ImageShape shape, int levels) {
        byte[] values = new byte[n * shape.channels() * shape.height() * shape.width()];
        Random random = new Random(1);
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) random.nextInt(levels);
        }
        return new LevelImages(shape, levels, values);
    }

    @Test
    void nothingCompressesNoiseBelowItsBits() throws IOException {
        LevelImages noise = noise(200, new ImageShape(1, 10, 12), 16);
        for (LosslessSizes.Size size : LosslessSizes.of(noise, Watch.NONE)) {
            assertThat(size.bitsPerDim()).as(size.method()).isGreaterThan(4).isLessThan(14);
            assertThat(size.bitsPerDim()).isEqualTo(8.0 * size.bytes() / noise.values().length);
        }
    }

    @Test
    void everyMethodFindsThatImagesAreBlack() throws IOException {
        LevelImages black = new LevelImages(new ImageShape(3, 16, 16), 256, new byte[3 * 256 * 100]);
        List<LosslessSizes.Size> sizes = LosslessSizes.of(black, Watch.NONE);
        assertThat(sizes)
                .extracting(LosslessSizes.Size::method)
                .containsExactly("gzip", "bzip2", "xz", "PNG, all images in one file", "PNG, a file for each image");
        for (LosslessSizes.Size size : sizes.subList(0, 4)) {
            assertThat(size.bytes()).as(size.method()).isBetween(30L, 500L);
        }
        assertThat(sizes.get(4).bytes()).isBetween(100 * 57L, 100 * 100L);
    }

    @Test
    void imagesThatPngHasNotAreLeftOut() throws IOException {
        List<String> seen = new ArrayList<>();
        LosslessSizes.of(noise(3, new ImageShape(2, 8, 8), 16), (what, done, all) -> seen.add(done + "/" + all));
        assertThat(seen).containsExactly("0/3", "1/3", "2/3", "3/3");
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "1, 4", "1, 8", "1, 16", "1, 256", "3, 2", "3, 16", "3, 256"})
    void picturesHoldTheLevels(int channels, int levels) throws IOException {
        LevelImages images = noise(5, new ImageShape(channels, 9, 11), levels);
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(LevelPng.visible(images, 1, 4)));
        BufferedImage exact = ImageIO.read(new ByteArrayInputStream(LevelPng.exact(images, 1, 4)));
        boolean packed = channels == 1 && (levels == 2 || levels == 4 || levels == 16);
        assertThat(picture.getHeight()).isEqualTo(27);
        assertThat(picture.getWidth()).isEqualTo(11);
        for (int i = 0; i < 3; i++) {
            for (int c = 0; c < channels; c++) {
                for (int k = 0; k < 99; k++) {
                    int level = images.values()[((i + 1) * channels + c) * 99 + k] & 0xff;
                    int x = k % 11;
                    int y = i * 9 + k / 11;
                    int sample = packed
                            ? picture.getRGB(x, y) & 0xff
                            : picture.getRaster().getSample(x, y, c);
                    assertThat(sample).isEqualTo((int) Math.round(level * 255.0 / (levels - 1)));
                    assertThat(exact.getRaster().getSample(x, y, c)).isEqualTo(level);
                }
            }
        }
    }
}
