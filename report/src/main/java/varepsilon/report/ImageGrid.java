package varepsilon.report;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Many small images in one picture, row by row, enlarged by whole pixels without interpolation. Text is drawn with
 * {@link BitmapFont}, so that the picture is the same on every machine.
 *
 * <pre>{@code
 * ImageGrid.of(samples, 1, 28, 28).columns(8).caption("64 samples at epoch 10").write(folder.resolve("epoch_010.png"));
 * }</pre>
 *
 * <p>The setters change this grid and return it.
 */
public final class ImageGrid implements PngPicture {
    static final int BACKGROUND = 0xF4F4F2;
    private static final int INK = 0x33363B;
    private static final int TEXT_SCALE = 2;
    private static final int TEXT_GAP = 6;
    private static final int FRAME = 3;
    private static final int READABLE_CELL = 56;
    private static final int READABLE_LINE = 240;
    private static final long LARGEST_PICTURE = 1L << 28;

    private final BitmapFont font = BitmapFont.STANDARD;
    private final int[] rgb;
    private final int count;
    private final int imageHeight;
    private final int imageWidth;

    private int columns;
    private int padding = 4;
    private int scale;
    private String title = "";
    private String caption = "";
    private List<String> rowLabels = List.of();
    private List<String> columnLabels = List.of();
    private List<String> cellTexts = List.of();
    private final Map<Integer, Integer> frames = new HashMap<>();

    private ImageGrid(int[] rgb, int count, int height, int width) {
        this.rgb = rgb;
        this.count = count;
        this.imageHeight = height;
        this.imageWidth = width;
        this.columns = (int) Math.ceil(Math.sqrt(count));
        this.scale = Math.max(1, ceilDiv(READABLE_CELL, Math.max(height, width)));
    }

    /**
     * A grid of N images.
     *
     * @param pixels N×C×H×W values, one unsigned byte each
     * @param channels 1 (grey) or 3 (red, green, blue)
     * @throws IllegalArgumentException if the number of values is no positive multiple of C·H·W
     */
    public static ImageGrid of(byte[] pixels, int channels, int height, int width) {
        int count = count(pixels.length, channels, height, width);
        int size = height * width;
        int[] rgb = new int[count * size];
        for (int i = 0; i < rgb.length; i++) {
            int start = i / size * channels * size + i % size;
            int red = pixels[start] & 0xFF;
            int green = channels == 1 ? red : pixels[start + size] & 0xFF;
            int blue = channels == 1 ? red : pixels[start + 2 * size] & 0xFF;
            rgb[i] = red << 16 | green << 8 | blue;
        }
        return new ImageGrid(rgb, count, height, width);
    }

    /**
     * A grid of N images; a value v becomes round(255·v), values outside [0, 1] the nearest in it.
     *
     * @param pixels N×C×H×W values in [0, 1]
     * @param channels 1 (grey) or 3 (red, green, blue)
     * @throws IllegalArgumentException if the number of values is no positive multiple of C·H·W, or one is not a number
     */
    public static ImageGrid of(float[] pixels, int channels, int height, int width) {
        byte[] bytes = new byte[pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            if (Float.isNaN(pixels[i])) {
                throw new IllegalArgumentException("pixel " + i + " of " + pixels.length + " is not a number");
            }
            bytes[i] = (byte) Math.round(255 * Math.min(1, Math.max(0, pixels[i])));
        }
        return of(bytes, channels, height, width);
    }

    private static int count(int values, int channels, int height, int width) {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException("channels must be 1 or 3, not " + channels);
        }
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("images must have pixels, not " + height + "×" + width);
        }
        long perImage = Math.multiplyExact((long) channels, Math.multiplyExact((long) height, width));
        if (values == 0 || values % perImage != 0) {
            throw new IllegalArgumentException(
                    values + " values are no whole number of " + channels + "×" + height + "×" + width + " images");
        }
        return (int) (values / perImage);
    }

    /** Images in a row; default: as many as make the grid square. */
    public ImageGrid columns(int columns) {
        this.columns = atLeast(1, columns, "columns");
        return this;
    }

    /** Background pixels between images and around the grid; default 4. */
    public ImageGrid padding(int padding) {
        this.padding = atLeast(0, padding, "padding");
        return this;
    }

    /** Picture pixels for one image pixel, in each direction; default: the least that makes an image 56 pixels wide. */
    public ImageGrid scale(int scale) {
        this.scale = atLeast(1, scale, "scale");
        return this;
    }

    /** Text over the grid, wrapped to its width. */
    public ImageGrid title(String title) {
        this.title = title.strip();
        return this;
    }

    /** Text under the grid, wrapped to its width. */
    public ImageGrid caption(String caption) {
        this.caption = caption.strip();
        return this;
    }

    /** One text left of each row. */
    public ImageGrid rowLabels(List<String> labels) {
        this.rowLabels = List.copyOf(labels);
        return this;
    }

    /** One text over each column, shortened to the width of an image. */
    public ImageGrid columnLabels(List<String> labels) {
        this.columnLabels = List.copyOf(labels);
        return this;
    }

    /** One text under each image (a label, a confidence) of one or more lines, each shortened to its width. */
    public ImageGrid cellTexts(List<String> texts) {
        this.cellTexts = List.copyOf(texts);
        return this;
    }

    /** Draws a frame around image {@code index}, as much of it as the padding has room for. */
    public ImageGrid frame(int index, int rgb) {
        frames.put(Objects.checkIndex(index, count), rgb);
        return this;
    }

    /** Where the pixels of image {@code index} lie in the picture. */
    public Rectangle cell(int index) {
        return layout().cell(Objects.checkIndex(index, count));
    }

    /**
     * Draws the picture.
     *
     * @throws IllegalArgumentException if there are more or fewer labels than rows, columns or images, or the picture
     *     would have more than 2^28 pixels
     */
    public BufferedImage render() {
        Layout layout = layout();
        BufferedImage picture = new BufferedImage(layout.width, layout.height, BufferedImage.TYPE_INT_RGB);
        fill(picture, new Rectangle(0, 0, layout.width, layout.height), BACKGROUND);
        int frame = frameWidth();
        frames.forEach((index, colour) -> {
            Rectangle cell = layout.cell(index);
            cell.grow(frame, frame);
            fill(picture, cell, colour);
        });
        for (int i = 0; i < count; i++) {
            Rectangle cell = layout.cell(i);
            for (int y = 0; y < imageHeight; y++) {
                for (int x = 0; x < imageWidth; x++) {
                    int colour = rgb[(i * imageHeight + y) * imageWidth + x];
                    fill(picture, new Rectangle(cell.x + x * scale, cell.y + y * scale, scale, scale), colour);
                }
            }
        }
        for (int i = 0; i < cellTexts.size(); i++) {
            Rectangle cell = layout.cell(i);
            int top = cell.y + cell.height + frame + TEXT_GAP / 2;
            for (String line : cellTexts.get(i).lines().toList()) {
                centred(picture, line, cell, top, commonSize(cellTexts));
                top += lineHeight();
            }
        }
        for (int column = 0; column < columnLabels.size(); column++) {
            Rectangle cell = layout.cell(column);
            int y = cell.y - frame - TEXT_GAP / 2 - TEXT_SCALE * BitmapFont.HEIGHT;
            centred(picture, columnLabels.get(column), cell, y, commonSize(columnLabels));
        }
        for (int row = 0; row < rowLabels.size(); row++) {
            Rectangle cell = layout.cell(row * columns);
            String label = rowLabels.get(row);
            int x = cell.x - padding - TEXT_GAP - TEXT_SCALE * font.width(label);
            text(picture, label, x, cell.y + (cell.height - TEXT_SCALE * BitmapFont.HEIGHT) / 2 + 1, TEXT_SCALE);
        }
        lines(picture, layout.titleLines, textInset());
        lines(picture, layout.captionLines, layout.captionTop);
        return picture;
    }

    @Override
    public byte[] toPng() {
        return Png.encode(render());
    }

    /** The layout, in picture pixels. */
    private final class Layout {
        final int left;
        final int top;
        final int cellWidth = imageWidth * scale;
        final int cellHeight = imageHeight * scale;
        final int width;
        final int height;
        final int captionTop;
        final long[] rowTops;
        final List<String> titleLines;
        final List<String> captionLines;

        Layout() {
            int rows = ceilDiv(count, columns);
            requireOnePer("row", rowLabels, rows);
            requireOnePer("column", columnLabels, columns);
            requireOnePer("image", cellTexts, count);
            int labels = rowLabels.stream().mapToInt(font::width).max().orElse(-TEXT_GAP) * TEXT_SCALE;
            int labelWidth = rowLabels.isEmpty() ? 0 : labels + 2 * TEXT_GAP;
            long gridWidth = labelWidth + padding + (long) columns * (cellWidth + padding);
            int longest = TEXT_SCALE * Math.max(font.width(title), font.width(caption));
            int readable = longest == 0 ? 0 : Math.min(longest, READABLE_LINE) + 2 * textInset();
            width = checked(Math.max(gridWidth, readable));
            left = labelWidth + padding + (int) (width - gridWidth) / 2;
            int lineWidth = (width - 2 * textInset()) / TEXT_SCALE;
            titleLines = title.isEmpty() ? List.of() : font.wrap(title, lineWidth);
            captionLines = caption.isEmpty() ? List.of() : font.wrap(caption, lineWidth);
            top = blockHeight(titleLines) + (columnLabels.isEmpty() ? 0 : frameWidth() + lineHeight()) + padding;
            rowTops = new long[rows + 1];
            rowTops[0] = top;
            for (int row = 0; row < rows; row++) {
                rowTops[row + 1] = rowTops[row] + cellHeight + cellTextHeight(row) + padding;
            }
            long gridBottom = rowTops[rows];
            height = checked(gridBottom + blockHeight(captionLines));
            captionTop = (int) gridBottom - padding + TEXT_GAP + 2;
            if ((long) width * height > LARGEST_PICTURE) {
                throw new IllegalArgumentException("a picture of " + width + "×" + height + " pixels is too large");
            }
        }

        Rectangle cell(int index) {
            int x = left + index % columns * (cellWidth + padding);
            return new Rectangle(x, (int) rowTops[index / columns], cellWidth, cellHeight);
        }

        /** Of all lines under the images of a row; no room is left where there are none. */
        private int cellTextHeight(int row) {
            if (cellTexts.isEmpty()) {
                return 0;
            }
            int end = Math.min(count, (row + 1) * columns);
            long lines = cellTexts.subList(row * columns, end).stream()
                    .mapToLong(text -> text.lines().count())
                    .max()
                    .orElse(0);
            return lines == 0 ? 0 : frameWidth() + (int) lines * lineHeight();
        }

        private int blockHeight(List<String> lines) {
            return lines.isEmpty() ? 0 : lines.size() * lineHeight() + 2 * TEXT_GAP;
        }

        private int checked(long pixels) {
            return Math.toIntExact(Math.min(pixels, Integer.MAX_VALUE));
        }
    }

    private Layout layout() {
        return new Layout();
    }

    private void lines(BufferedImage picture, List<String> lines, int top) {
        for (int i = 0; i < lines.size(); i++) {
            text(picture, lines.get(i), textInset(), top + i * lineHeight(), TEXT_SCALE);
        }
    }

    private int frameWidth() {
        return frames.isEmpty() ? 0 : Math.min(FRAME, padding);
    }

    /** The usual text size where every line fits into an image's width, else the small one. */
    private int commonSize(List<String> texts) {
        int longest = texts.stream()
                .flatMap(String::lines)
                .mapToInt(font::width)
                .max()
                .orElse(0);
        return TEXT_SCALE * longest <= imageWidth * scale ? TEXT_SCALE : 1;
    }

    private void centred(BufferedImage picture, String text, Rectangle cell, int top, int size) {
        String fitting = font.fit(text, cell.width / size);
        int drop = (TEXT_SCALE - size) * BitmapFont.HEIGHT / 2;
        text(picture, fitting, cell.x + (cell.width - size * font.width(fitting)) / 2, top + drop, size);
    }

    private void text(BufferedImage picture, String text, int left, int top, int size) {
        font.draw(text, (x, y) -> fill(picture, new Rectangle(left + x * size, top + y * size, size, size), INK));
    }

    private static void fill(BufferedImage picture, Rectangle area, int colour) {
        Rectangle visible = area.intersection(new Rectangle(0, 0, picture.getWidth(), picture.getHeight()));
        for (int y = visible.y; y < visible.y + visible.height; y++) {
            for (int x = visible.x; x < visible.x + visible.width; x++) {
                picture.setRGB(x, y, colour);
            }
        }
    }

    /** Text has a margin also where the images have none. */
    private int textInset() {
        return Math.max(padding, TEXT_GAP);
    }

    private static int ceilDiv(int dividend, int divisor) {
        return (dividend + divisor - 1) / divisor;
    }

    private static int lineHeight() {
        return TEXT_SCALE * BitmapFont.HEIGHT + TEXT_GAP / 2;
    }

    private static void requireOnePer(String what, List<String> labels, int expected) {
        if (!labels.isEmpty() && labels.size() != expected) {
            throw new IllegalArgumentException(labels.size() + " texts, but one per " + what + " is " + expected);
        }
    }

    private static int atLeast(int least, int value, String name) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ", not " + value);
        }
        return value;
    }
}
