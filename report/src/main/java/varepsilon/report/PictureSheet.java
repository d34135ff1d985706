package varepsilon.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageInputStream;
import varepsilon.base.AtomicFile;

/**
 * Finished pictures side by side and one above the other on a sheet, pixel for pixel.
 *
 * <pre>{@code
 * PictureSheet.grid(2, List.of(PictureSheet.read(before), PictureSheet.of(after.render()))).write(file);
 * }</pre>
 */
public final class PictureSheet {
    private static final int GAP = 8;

    private final BufferedImage image;

    private PictureSheet(BufferedImage image) {
        this.image = image;
    }

    /** A sheet that holds one picture. */
    public static PictureSheet of(BufferedImage picture) {
        return new PictureSheet(picture);
    }

    /**
     * A sheet that holds the picture of a file.
     *
     * @throws IOException where the file cannot be read or is no picture
     */
    public static PictureSheet read(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        BufferedImage picture = ImageIO.read(new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes)));
        if (picture == null) {
            throw new IOException(file + ": not a picture that can be read; expected a PNG file");
        }
        return new PictureSheet(picture);
    }

    /**
     * Sheets row by row on a larger one; each column is as wide as its widest sheet, each row as high as its highest.
     *
     * @param columns sheets in a row, at least 1
     * @param sheets at least one
     */
    public static PictureSheet grid(int columns, List<PictureSheet> sheets) {
        if (columns < 1 || sheets.isEmpty()) {
            throw new IllegalArgumentException(sheets.size() + " sheets in " + columns + " columns: expected some");
        }
        int used = Math.min(columns, sheets.size());
        int[] lefts = new int[used + 1];
        for (int column = 0; column < used; column++) {
            int first = column;
            lefts[column + 1] = lefts[column] + GAP + largest(sheets, i -> i % used == first, BufferedImage::getWidth);
        }
        int rows = (sheets.size() + used - 1) / used;
        int[] tops = new int[rows + 1];
        for (int row = 0; row < rows; row++) {
            int current = row;
            tops[row + 1] = tops[row] + GAP + largest(sheets, i -> i / used == current, BufferedImage::getHeight);
        }
        BufferedImage all = blank(lefts[used] - GAP, tops[rows] - GAP);
        for (int i = 0; i < sheets.size(); i++) {
            BufferedImage image = sheets.get(i).image;
            int[] pixels = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
            all.setRGB(
                    lefts[i % used], tops[i / used], image.getWidth(), image.getHeight(), pixels, 0, image.getWidth());
        }
        return new PictureSheet(all);
    }

    private static int largest(List<PictureSheet> sheets, IntPredicate among, ToIntFunction<BufferedImage> size) {
        return IntStream.range(0, sheets.size())
                .filter(among)
                .map(i -> size.applyAsInt(sheets.get(i).image))
                .max()
                .orElseThrow();
    }

    private static BufferedImage blank(int width, int height) {
        BufferedImage sheet = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        int[] background = new int[width * height];
        Arrays.fill(background, ImageGrid.BACKGROUND);
        sheet.setRGB(0, 0, width, height, background, 0, width);
        return sheet;
    }

    /** The sheet as a picture. */
    public BufferedImage image() {
        return image;
    }

    /** Writes the sheet as a PNG file, whole or not at all. */
    public void write(Path target) throws IOException {
        byte[] png = Png.encode(image);
        AtomicFile.write(target, out -> out.write(png));
    }
}
