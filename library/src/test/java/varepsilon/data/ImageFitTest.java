package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    /** Pillow 9.4: {@code resize((4, 4), BILINEAR, box=(2, 0, 9, 7))}. */
    @Test
    void smallerIsAsPillowHasIt() {
        assertThat(fitted(ImageFit.of("4x4", null)))
                .containsExactly(88, 172, 143, 146, 117, 125, 124, 192, 92, 59, 103, 107, 167, 111, 170, 126);
    }

    /** Pillow 9.4: the first rows of {@code resize((20, 9), BILINEAR, box=(0, 1.025, 11, 5.975))}. */
    @Test
    void largerIsAsPillowHasIt() {
        int[] pillow = {
            95, 81, 59, 48, 38, 68, 104, 176, 216, 188, 180, 192, 156, 96, 145, 209, 231, 224, 118, 55, 149, 127, 91,
            86, 90, 87, 95, 181, 219, 156, 137, 163, 156, 131, 178, 235, 242, 227, 135, 80, 201, 188, 166, 175, 193,
            129, 85, 184, 212, 85, 41, 82, 141, 208, 213, 209, 230, 230, 151, 105
        };
        assertThat(Arrays.copyOf(fitted(ImageFit.of("9x20", null)), pillow.length))
                .containsExactly(pillow);
    }

    /** torchvision 0.14: {@code Resize(RESIZE)} and {@code CenterCrop(CROP)} of a Pillow image. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "5; 5; 83 147 154 133 150 116 154 131 157 220 111 56 82 138 170 127 74 110 85 108 162 122 170 142 149",
                "5; 4x6; 70 83 147 154 133 150 146 116 154 131 157 220 94 111 56 82 138 170 148 127 74 110 85 108",
                "12; 9x12; 31 44 83 157 227 199 195 213 142 98 200 244 121 115 86 157 231 136 106 141 152 168 209 233",
                "3; 3; 96 142 148 114 87 122 136 123 129",
                // An odd rest: 3 rows, of which 2 are above, and 5 columns, of which 2 are on the left.
                "7; 4x6; 213 69 255 3 81 233 139 41 17 67 191 133 59 7 29 125 39 27 229 223 35 177 137 171",
            })
    void theShortSideAndTheMiddleAsTorchvisionHasThem(String resize, String crop, String levels) {
        int[] expected =
                Arrays.stream(levels.split(" ")).mapToInt(Integer::parseInt).toArray();
        int[] found = fitted(ImageFit.of(resize, crop));
        assertThat(Arrays.copyOf(found, expected.length)).containsExactly(expected);
    }

    /** The image on its side, {@code Resize(5)} and {@code CenterCrop((6, 4))}. */
    @Test
    void theShortSideIsTheWidthOfTallImages() {
        byte[] image = image();
        byte[] turned = new byte[image.length];
        for (int i = 0; i < image.length; i++) {
            turned[i % WIDTH * HEIGHT + i / WIDTH] = image[i];
        }
        byte[] target = new byte[24];
        ImageFit.of("5", "6x4").plane(turned, WIDTH, HEIGHT, target, 0);
        int[] torchvision = {
            70, 146, 94, 149, 83, 116, 111, 127, 147, 154, 56, 74, 154, 131, 81, 110, 133, 157, 138, 86, 150, 220, 170,
            108
        };
        for (int i = 0; i < target.length; i++) {
            assertThat(target[i] & 0xff).isEqualTo(torchvision[i]);
        }
    }

    @Test
    void aShortSideAloneIsASquare() {
        assertThat(ImageFit.of("5", null)).isEqualTo(ImageFit.of("5", "5x5"));
        assertThat(ImageFit.of("256", "224").text()).isEqualTo("resize=256:crop=224x224");
        assertThatThrownBy(() -> ImageFit.of("224", "256"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("crop 256: more than the short side of images resized to 224");
        assertThatThrownBy(() -> ImageFit.of("64x64", "32"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected the short side alone");
        // 20 columns become 40, of which 41 cannot be cropped.
        assertThat(ImageFit.of("14", "14x40").takes(7, 20)).isTrue();
        assertThat(ImageFit.of("14", "14x41").takes(7, 20)).isFalse();
    }

    @Test
    void theSameSizeIsTheImage() {
        int[] whole = fitted(new ImageFit("resize", HEIGHT, WIDTH, 0));
        assertThat(whole).containsExactly(fitted(new ImageFit("crop", HEIGHT, WIDTH, 0)));
        assertThat(whole[1]).isEqualTo((37 + 91 + 13) % 256);
    }

    @Test
    void aCropIsTheMiddle() {
        int[] middle = fitted(ImageFit.of(null, "3x5"));
        byte[] image = image();
        for (int y = 0; y < 3; y++) {
            for (int x = 0; x < 5; x++) {
                assertThat(middle[y * 5 + x]).isEqualTo(image[(2 + y) * WIDTH + 3 + x] & 0xff);
            }
        }
        assertThat(ImageFit.of(null, "8").takes(7, 20)).isFalse();
        assertThat(ImageFit.of(null, "7").takes(7, 20)).isTrue();
        assertThat(ImageFit.of("800x800", null).takes(1, 1)).isTrue();
    }

    @Test
    void oneLevelStaysThatLevel() {
        for (String size : new String[] {"1", "2x9", "64", "13x3"}) {
            ImageFit fit = ImageFit.of(size, null);
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
        assertThatThrownBy(() -> ImageFit.of(size, null))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("expected HxW or N");
        assertThat(ImageFit.parse("resize=" + size)).isNull();
    }

    @Test
    void itsTextIsReadBack() {
        for (ImageFit fit :
                new ImageFit[] {ImageFit.of(null, "30x40"), ImageFit.of("30x40", null), ImageFit.of("256", "224x200")
                }) {
            assertThat(ImageFit.parse(fit.text())).isEqualTo(fit);
            assertThat(ImageFit.startOf(fit.text() + ":a:b")).isEqualTo(fit);
        }
        assertThat(ImageFit.of(null, "30x40").text()).isEqualTo("crop=30x40");
        for (String other : new String[] {"a:b", "resize=4:b", "resize=4:resize=4x4:b", "crop=4x4"}) {
            assertThat(ImageFit.startOf(other)).isNull();
        }
    }
}
