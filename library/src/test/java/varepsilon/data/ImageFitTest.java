package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;

class ImageFitTest {
    private static final int HEIGHT = 7;
    private static final int WIDTH = 11;

    private static byte[] image() {
        byte[] image = new byte[HEIGHT * WIDTH];
        for (int i = 0; i < image.length; i++) {
            image[i] = (byte) (37 * i * i + 91 * i + 13);
        }
        return image;
    }

    private static int[] fitted(ImageFit fit) {
        byte[] target = new byte[3 + fit.height() * fit.width()];
        fit.plane(image(), HEIGHT, WIDTH, target, 3);
        int[] levels = new int[target.length - 3];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = target[i + 3] & 0xff;
        }
        return levels;
    }

    /** Pillow 9.4: {@code resize((4, 4), BILINEAR, box=(2, 0, 9, 7))}; it rounds once more, after the columns. */
    @Test
    void smallerIsAsPillowHasIt() {
        int[] pillow = {88, 172, 143, 146, 117, 125, 124, 192, 92, 59, 103, 107, 167, 111, 170, 126};
        assertClose(fitted(ImageFit.of("resize", "4")), pillow);
    }

    /** Pillow 9.4: the first rows of {@code resize((20, 9), BILINEAR, box=(0, 1.025, 11, 5.975))}. */
    @Test
    void largerIsAsPillowHasIt() {
        int[] pillow = {
            95, 81, 59, 48, 38, 68, 104, 176, 216, 188, 180, 192, 156, 96, 145, 209, 231, 224, 118, 55, 149, 127, 91,
            86, 90, 87, 95, 181, 219, 156, 137, 163, 156, 131, 178, 235, 242, 227, 135, 80, 201, 188, 166, 175, 193,
            129, 85, 184, 212, 85, 41, 82, 141, 208, 213, 209, 230, 230, 151, 105
        };
        assertClose(Arrays.copyOf(fitted(ImageFit.of("resize", "9x20")), pillow.length), pillow);
    }

    private static void assertClose(int[] found, int[] expected) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(Math.abs(found[i] - expected[i])).as("pixel %d", i).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void theSameSizeIsTheImage() {
        int[] whole = fitted(new ImageFit("resize", HEIGHT, WIDTH));
        assertThat(whole).containsExactly(fitted(new ImageFit("crop", HEIGHT, WIDTH)));
        assertThat(whole[1]).isEqualTo((37 + 91 + 13) % 256);
    }

    @Test
    void aCropIsTheMiddle() {
        int[] middle = fitted(ImageFit.of("crop", "3x5"));
        byte[] image = image();
        for (int y = 0; y < 3; y++) {
            for (int x = 0; x < 5; x++) {
                assertThat(middle[y * 5 + x]).isEqualTo(image[(2 + y) * WIDTH + 3 + x] & 0xff);
            }
        }
        assertThat(ImageFit.of("crop", "8").takes(7, 20)).isFalse();
        assertThat(ImageFit.of("crop", "7").takes(7, 20)).isTrue();
        assertThat(ImageFit.of("resize", "800").takes(1, 1)).isTrue();
    }

    @Test
    void oneLevelStaysThatLevel() {
        for (String size : new String[] {"1", "2x9", "64", "13x3"}) {
            ImageFit fit = ImageFit.of("resize", size);
            byte[] source = new byte[5 * 17];
            Arrays.fill(source, (byte) 201);
            byte[] target = new byte[fit.height() * fit.width()];
            fit.plane(source, 5, 17, target, 0);
            assertThat(target).containsOnly((byte) 201);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "64x", "x64", "-3", "64x64x3", "99999", "a"})
    void otherSizesAreRefused(String size) {
        assertThatThrownBy(() -> ImageFit.of("resize", size))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected HxW or N");
        assertThat(ImageFit.parse("resize=" + size)).isNull();
    }

    @Test
    void itsTextIsReadBack() {
        ImageFit fit = ImageFit.of("crop", "30x40");
        assertThat(ImageFit.parse(fit.text())).isEqualTo(fit);
        assertThat(fit.text()).isEqualTo("crop=30x40");
    }
}
