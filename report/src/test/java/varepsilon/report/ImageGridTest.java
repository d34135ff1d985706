package varepsilon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.awt.Dimension;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageGridTest {
    private static final int BACKGROUND = 0xF4F4F2;

    @Test
    void everyCellHoldsExactlyThePixelsOfItsImage(@TempDir Path folder) throws IOException {
        int height = 5;
        int width = 3;
        byte[] pixels = randomBytes(7 * height * width);
        Path file = folder.resolve("made/on/demand/grid.png");
        ImageGrid grid = ImageGrid.of(pixels, 1, height, width)
                .columns(4)
                .scale(3)
                .padding(2)
                .title("a title")
                .caption("a caption that is longer than the grid is wide, so that it has to be wrapped")
                .rowLabels(List.of("first", "second"))
                .columnLabels(List.of("a", "b", "c", "d"))
                .cellTexts(Collections.nCopies(7, "1"));

        grid.write(file);

        BufferedImage picture = ImageIO.read(file.toFile());
        for (int i = 0; i < 7; i++) {
            Rectangle cell = grid.cell(i);
            assertThat(cell.getSize()).isEqualTo(new Dimension(9, 15));
            for (int y = 0; y < cell.height; y++) {
                for (int x = 0; x < cell.width; x++) {
                    int grey = pixels[(i * height + y / 3) * width + x / 3] & 0xFF;
                    assertThat(picture.getRGB(cell.x + x, cell.y + y) & 0xFFFFFF)
                            .isEqualTo(grey * 0x010101);
                }
            }
        }
    }

    @Test
    void withoutTextThePictureIsTheImagesAndThePaddingAroundThem() {
        byte[] pixels = randomBytes(3 * 2 * 2);
        BufferedImage picture =
                ImageGrid.of(pixels, 1, 2, 2).columns(2).scale(1).padding(1).render();

        int b = BACKGROUND;
        int[] p = IntStream.range(0, 12).map(i -> (pixels[i] & 0xFF) * 0x010101).toArray();
        assertThat(rows(picture)).isDeepEqualTo(new int[][] {
            {b, b, b, b, b, b, b},
            {b, p[0], p[1], b, p[4], p[5], b},
            {b, p[2], p[3], b, p[6], p[7], b},
            {b, b, b, b, b, b, b},
            {b, p[8], p[9], b, b, b, b},
            {b, p[10], p[11], b, b, b, b},
            {b, b, b, b, b, b, b},
        });
    }

    @Test
    void colourPlanesBecomeRedGreenAndBlue() {
        byte[] pixels = {1, 2, /* green */ 3, 4, /* blue */ 5, (byte) 255};
        BufferedImage picture =
                ImageGrid.of(pixels, 3, 1, 2).padding(0).scale(1).render();
        assertThat(rows(picture)).isDeepEqualTo(new int[][] {{0x010305, 0x0204FF}});
    }

    @Test
    void floatsAreRoundedAndHeldInRange() {
        float[] pixels = {0, 1, 0.5f, 3 / 15f, -0.2f, 1.7f, Float.POSITIVE_INFINITY, 1e-9f};
        BufferedImage picture =
                ImageGrid.of(pixels, 1, 1, 8).padding(0).scale(1).render();
        assertThat(rows(picture)).isDeepEqualTo(new int[][] {
            {0, 0xFFFFFF, 0x808080, 0x333333, 0, 0xFFFFFF, 0xFFFFFF, 0},
        });
    }

    @Test
    void aGridIsSquareAndReadableWithoutBeingTold() {
        ImageGrid grid = ImageGrid.of(new byte[64 * 28 * 28], 1, 28, 28);
        assertThat(grid.cell(0).getSize()).isEqualTo(new Dimension(56, 56));
        assertThat(grid.cell(7).y).isEqualTo(grid.cell(0).y);
        assertThat(grid.cell(8).x).isEqualTo(grid.cell(0).x);
        assertThat(ImageGrid.of(new byte[3 * 64 * 64], 3, 64, 64).cell(0).width).isEqualTo(64);
    }

    @Test
    void textIsDrawnWhereItBelongsAndLeavesTheRestAlone() {
        byte[] black = new byte[4 * 28 * 28];
        BufferedImage plain = ImageGrid.of(black, 1, 28, 28).render();
        BufferedImage captioned =
                ImageGrid.of(black, 1, 28, 28).caption("epoch 10").render();

        assertThat(inked(plain, 0, plain.getHeight())).isFalse();
        assertThat(inked(captioned, 0, plain.getHeight()))
                .as("above the caption")
                .isFalse();
        assertThat(inked(captioned, plain.getHeight(), captioned.getHeight())).isTrue();
        assertThat(captioned.getWidth()).isEqualTo(plain.getWidth());
    }

    @Test
    void aFrameSurroundsItsImageAndNoOther() {
        BufferedImage picture = ImageGrid.of(new byte[2], 1, 1, 1)
                .columns(2)
                .padding(4)
                .scale(1)
                .frame(1, 0xFF0000)
                .render();
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                boolean image = y == 4 && (x == 4 || x == 9);
                boolean frame = Math.abs(y - 4) <= 3 && Math.abs(x - 9) <= 3 && !image;
                assertThat(picture.getRGB(x, y) & 0xFFFFFF)
                        .as("at (%d, %d)", x, y)
                        .isEqualTo(image ? 0 : frame ? 0xFF0000 : BACKGROUND);
            }
        }
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> ImageGrid.of(new byte[2], 1, 1, 1).frame(2, 0));
    }

    @Test
    void aRowIsAsHighAsItsLinesOfTextNeed() {
        ImageGrid none = ImageGrid.of(new byte[3 * 28 * 28], 1, 28, 28).columns(1);
        int pitch = none.cell(1).y - none.cell(0).y;
        ImageGrid grid =
                ImageGrid.of(new byte[3 * 28 * 28], 1, 28, 28).columns(1).cellTexts(List.of("7\n99 %", "", "1"));
        int line = 2 * BitmapFont.HEIGHT + 3;
        assertThat(grid.cell(1).y - grid.cell(0).y).isEqualTo(pitch + 2 * line);
        assertThat(grid.cell(2).y - grid.cell(1).y).as("without text").isEqualTo(pitch);

        BufferedImage picture = grid.render();
        int below = grid.cell(0).y + grid.cell(0).height;
        assertThat(inked(picture, below, below + line)).as("first line").isTrue();
        assertThat(inked(picture, below + line, below + 2 * line))
                .as("second line")
                .isTrue();
        assertThat(inked(picture, grid.cell(1).y, grid.cell(2).y)).isFalse();
    }

    @Test
    void aSmallGridMakesRoomForItsCaption() {
        BufferedImage picture = ImageGrid.of(new byte[28 * 28], 1, 28, 28)
                .caption("twenty characters ok")
                .render();
        int needed = 2 * BitmapFont.STANDARD.width("twenty characters ok");
        assertThat(picture.getWidth()).isBetween(needed, needed + 20);
    }

    @Test
    void theSamePictureGivesTheSameBytes() {
        byte[] pixels = randomBytes(9 * 8 * 8);
        assertThat(ImageGrid.of(pixels, 1, 8, 8).caption("ε = 8/255").toPng())
                .isEqualTo(ImageGrid.of(pixels, 1, 8, 8).caption("ε = 8/255").toPng());
    }

    @Test
    void saysWhatIsWrongWithItsInput() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageGrid.of(new byte[10], 1, 3, 3))
                .withMessageContaining("10 values")
                .withMessageContaining("1×3×3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageGrid.of(new byte[0], 1, 3, 3))
                .withMessageContaining("0 values");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageGrid.of(new byte[18], 2, 3, 3))
                .withMessageContaining("not 2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageGrid.of(new float[] {0, Float.NaN}, 1, 1, 1))
                .withMessageContaining("pixel 1 of 2");
        ImageGrid grid = ImageGrid.of(new byte[6], 1, 1, 1).columns(3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> grid.rowLabels(List.of("only one")).render())
                .withMessageContaining("one per row is 2");
        assertThatIllegalArgumentException().isThrownBy(() -> grid.columns(0)).withMessageContaining("columns");
        assertThatIllegalArgumentException().isThrownBy(() -> grid.scale(-1)).withMessageContaining("-1");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> ImageGrid.of(new byte[1], 1, 1, 1).scale(1 << 20).render())
                .withMessageContaining("too large");
    }

    private static boolean inked(BufferedImage picture, int top, int bottom) {
        for (int y = top; y < bottom; y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                int colour = picture.getRGB(x, y) & 0xFFFFFF;
                if (colour != BACKGROUND && colour != 0) {
                    return true;
                }
            }
        }
        return false;
    }

    private static int[][] rows(BufferedImage picture) {
        return IntStream.range(0, picture.getHeight())
                .mapToObj(y -> IntStream.range(0, picture.getWidth())
                        .map(x -> picture.getRGB(x, y) & 0xFFFFFF)
                        .toArray())
                .toArray(int[][]::new);
    }

    private static byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        new Random(7).nextBytes(bytes);
        return bytes;
    }
}
