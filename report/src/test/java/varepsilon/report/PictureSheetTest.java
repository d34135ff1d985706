package varepsilon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureSheetTest {
    private static final int GAP = 8;
    private static final int BACKGROUND = 0xF4F4F2;

    @TempDir
    private Path folder;

    @Test
    void eachColumnIsAsWideAsItsWidestAndEachRowAsHighAsItsHighest() {
        BufferedImage sheet = PictureSheet.grid(
                        2, List.of(plain(3, 2, 0x111111), plain(5, 4, 0x222222), plain(6, 1, 0x333333)))
                .image();

        assertThat(sheet.getWidth()).isEqualTo(6 + GAP + 5);
        assertThat(sheet.getHeight()).isEqualTo(4 + GAP + 1);
        for (int y = 0; y < sheet.getHeight(); y++) {
            for (int x = 0; x < sheet.getWidth(); x++) {
                int expected = BACKGROUND;
                if (x < 3 && y < 2) {
                    expected = 0x111111;
                } else if (x >= 6 + GAP && y < 4) {
                    expected = 0x222222;
                } else if (x < 6 && y >= 4 + GAP) {
                    expected = 0x333333;
                }
                assertThat(sheet.getRGB(x, y) & 0xFFFFFF)
                        .as("at (%d, %d)", x, y)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void aRowNeedsNoMoreColumnsThanItHasSheets() {
        BufferedImage sheet =
                PictureSheet.grid(5, List.of(plain(3, 2, 1), plain(3, 2, 2))).image();
        assertThat(sheet.getWidth()).isEqualTo(3 + GAP + 3);
        assertThat(sheet.getHeight()).isEqualTo(2);
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Path file = folder.resolve("sheet.png");
        PictureSheet sheet = PictureSheet.grid(1, List.of(plain(2, 2, 0x123456), plain(1, 1, 0xFFFFFF)));
        sheet.write(file);
        BufferedImage read = PictureSheet.read(file).image();
        int width = read.getWidth();
        assertThat(read.getRGB(0, 0, width, read.getHeight(), null, 0, width))
                .isEqualTo(sheet.image().getRGB(0, 0, width, sheet.image().getHeight(), null, 0, width));
    }

    @Test
    void aFileThatIsNoPictureIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("text.png"), "not a picture");
        assertThatIOException()
                .isThrownBy(() -> PictureSheet.read(file))
                .withMessageContaining("text.png: not a picture");
    }

    @Test
    void anEmptySheetIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> PictureSheet.grid(2, List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> PictureSheet.grid(0, List.of(plain(1, 1, 0))));
    }

    private static PictureSheet plain(int width, int height, int colour) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                picture.setRGB(x, y, colour);
            }
        }
        return PictureSheet.of(picture);
    }
}
