package varepsilon.data;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import varepsilon.base.InputException;

/**
 * How images of several sizes become images of one.
 *
 * <ul>
 *   <li>{@code crop=HxW}: the middle of the image, as torchvision's {@code CenterCrop} takes it;
 *   <li>{@code resize=N:crop=HxW}: that after torchvision's {@code Resize(N)}, which scales the image, with its
 *       proportions kept, until its short side has N pixels;
 *   <li>{@code resize=HxW}: scaled, with its proportions kept, until it just covers the size, and cut off equally on
 *       both sides.
 * </ul>
 *
 * Images are scaled by a triangular filter that is as wide as a source pixel or, where the image becomes smaller, a new
 * one: as Pillow's bilinear resize does, level for level.
 *
 * @param kind {@code resize} or {@code crop}
 * @param height rows of the result
 * @param width columns of the result
 * @param shortSide what the short side has before the image is cropped; 0 where it is not scaled first
 */
public record ImageFit(String kind, int height, int width, int shortSide) {
    private static final String SIDE = "[1-9]\\d{0,3}";
    private static final Pattern TEXT =
            Pattern.compile("(?:resize=(" + SIDE + "):(?=crop))?(resize|crop)=(" + SIDE + ")x(" + SIDE + ")");
    private static final Pattern SIZE = Pattern.compile("(" + SIDE + ")(?:x(" + SIDE + "))?");
    /** What is left of a set's name behind a fit. */
    private static final Pattern BEFORE = Pattern.compile("(" + TEXT + "):(.*)", Pattern.DOTALL);

    private static final String RESIZE = "resize";
    private static final String CROP = "crop";

    /** Weights have so many bits behind the point, as Pillow's do. */
    private static final int BITS = 22;

    /**
     * What options ask for: each {@code HxW}, or {@code N} for N×N, or null. One number to resize to is that of the short
     * side, and then the middle is taken: of that size where no other is given.
     *
     * @throws InputException for another text, and where there is a size to crop to behind one with two sides
     */
    public static ImageFit of(String resize, String crop) {
        if (resize == null) {
            return sized(CROP, crop, 0);
        }
        ImageFit scaled = sized(RESIZE, resize, 0);
        if (resize.contains("x")) {
            if (crop != null) {
                throw new InputException("resize " + resize + " and crop " + crop
                        + ": expected the short side alone to be resized before a crop, such as 256");
            }
            return scaled;
        }
        return sized(CROP, crop == null ? resize : crop, scaled.height);
    }

    private static ImageFit sized(String kind, String size, int shortSide) {
        Matcher matcher = SIZE.matcher(size);
        if (!matcher.matches()) {
            throw new InputException(kind + " " + size + ": expected HxW or N, in pixels, such as 64x64 or 64");
        }
        String width = matcher.group(2) == null ? matcher.group(1) : matcher.group(2);
        ImageFit fit = new ImageFit(kind, Integer.parseInt(matcher.group(1)), Integer.parseInt(width), shortSide);
        if (shortSide > 0 && Math.min(fit.height, fit.width) > shortSide) {
            throw new InputException("crop " + size + ": more than the short side of images resized to " + shortSide);
        }
        return fit;
    }

    /** What {@link #text} wrote; null for any other text. */
    static ImageFit parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        return matcher.matches()
                ? new ImageFit(
                        matcher.group(2),
                        Integer.parseInt(matcher.group(3)),
                        Integer.parseInt(matcher.group(4)),
                        matcher.group(1) == null ? 0 : Integer.parseInt(matcher.group(1)))
                : null;
    }

    /** The fit that a text begins with, before a colon; null where there is none. */
    static ImageFit startOf(String text) {
        Matcher matcher = BEFORE.matcher(text);
        return matcher.matches() ? parse(matcher.group(1)) : null;
    }

    /** As it stands in the name of a data set: {@code resize=64x64}. */
    public String text() {
        return (shortSide > 0 ? RESIZE + "=" + shortSide + ":" : "") + kind + "=" + height + "x" + width;
    }

    /** Whether images of a size can be fitted; small ones cannot be cropped. */
    boolean takes(int sourceHeight, int sourceWidth) {
        return kind.equals(RESIZE)
                || (scaled(sourceHeight, sourceWidth) >= height && scaled(sourceWidth, sourceHeight) >= width);
    }

    /** What one side becomes before the crop, beside the other. The long one is rounded down, as torchvision does. */
    private int scaled(int side, int other) {
        if (shortSide == 0) {
            return side;
        }
        return side <= other ? shortSide : Math.toIntExact((long) shortSide * side / other);
    }

    /**
     * Fits one plane.
     *
     * @param source rows of {@code sourceWidth} bytes
     * @param target receives the rows from {@code start} on
     */
    void plane(byte[] source, int sourceHeight, int sourceWidth, byte[] target, int start) {
        if (kind.equals(RESIZE)) {
            // Pixels of the source for one of the result.
            double step = Math.min((double) sourceHeight / height, (double) sourceWidth / width);
            byte[] narrow = resampled(source, sourceHeight, sourceWidth, width, step, false);
            System.arraycopy(
                    resampled(narrow, width, sourceHeight, height, step, true), 0, target, start, height * width);
            return;
        }
        int rows = scaled(sourceHeight, sourceWidth);
        int columns = scaled(sourceWidth, sourceHeight);
        byte[] whole = source;
        if (shortSide > 0) {
            byte[] narrow =
                    resampled(source, sourceHeight, sourceWidth, columns, (double) sourceWidth / columns, false);
            whole = resampled(narrow, columns, sourceHeight, rows, (double) sourceHeight / rows, true);
        }
        // Halves go to the even number, as Python rounds.
        int top = (int) Math.rint((rows - height) / 2.0);
        int left = (int) Math.rint((columns - width) / 2.0);
        for (int y = 0; y < height; y++) {
            System.arraycopy(whole, (top + y) * columns + left, target, start + y * width, width);
        }
    }

    /**
     * Scales along one direction, around the middle.
     *
     * @param lines how many there are: rows, or columns where {@code down}
     * @param size pixels in each
     * @param n pixels that each shall have
     * @param step pixels of the source for one of the result
     * @param down whether the lines are columns
     */
    private static byte[] resampled(byte[] source, int lines, int size, int n, double step, boolean down) {
        byte[] result = new byte[lines * n];
        int along = down ? lines : 1;
        int between = down ? 1 : size;
        int resultBetween = down ? 1 : n;
        int[][] weights = weights(size, n, step);
        for (int i = 0; i < n; i++) {
            for (int line = 0; line < lines; line++) {
                int at = line * between + weights[i][0] * along;
                int sum = 1 << (BITS - 1);
                for (int j = 1; j < weights[i].length; j++) {
                    sum += weights[i][j] * (source[at + (j - 1) * along] & 0xff);
                }
                result[line * resultBetween + i * along] = (byte) Math.min(255, sum >> BITS);
            }
        }
        return result;
    }

    /** For each of n results: the first source pixel that counts, then the weights of that and the following. */
    private static int[][] weights(int size, int n, double step) {
        double support = Math.max(1, step);
        double offset = (size - n * step) / 2;
        int[][] weights = new int[n][];
        for (int i = 0; i < n; i++) {
            double centre = offset + (i + 0.5) * step;
            int first = Math.max(0, (int) (centre - support + 0.5));
            int end = Math.min(size, (int) (centre + support + 0.5));
            double[] exact = new double[end - first];
            double sum = 0;
            for (int j = 0; j < exact.length; j++) {
                exact[j] = Math.max(0, 1 - Math.abs(first + j + 0.5 - centre) / support);
                sum += exact[j];
            }
            weights[i] = new int[1 + exact.length];
            weights[i][0] = first;
            for (int j = 0; j < exact.length; j++) {
                weights[i][1 + j] = (int) (exact[j] / sum * (1 << BITS) + 0.5);
            }
        }
        return weights;
    }
}
