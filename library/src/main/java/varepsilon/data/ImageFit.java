package varepsilon.data;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import varepsilon.base.InputException;

/**
 * How images of several sizes become images of one. {@code resize}: scaled, with their proportions kept, until they just
 * cover the size, and cut off equally on both sides; by a triangular filter that is as wide as a source pixel or, where
 * the image becomes smaller, a new one, as Pillow's bilinear resize does. {@code crop}: the middle of the image as it is.
 *
 * @param kind {@code resize} or {@code crop}
 * @param height rows of the result
 * @param width columns of the result
 */
public record ImageFit(String kind, int height, int width) {
    private static final Pattern TEXT = Pattern.compile("(resize|crop)=([1-9]\\d{0,3})x([1-9]\\d{0,3})");
    private static final Pattern SIZE = Pattern.compile("([1-9]\\d{0,3})(?:x([1-9]\\d{0,3}))?");

    private static final String RESIZE = "resize";

    /**
     * Of the size {@code HxW}, or {@code N} for N×N.
     *
     * @throws InputException for another text
     */
    public static ImageFit of(String kind, String size) {
        Matcher matcher = SIZE.matcher(size);
        if (!matcher.matches()) {
            throw new InputException(kind + " " + size + ": expected HxW or N, in pixels, such as 64x64 or 64");
        }
        String width = matcher.group(2) == null ? matcher.group(1) : matcher.group(2);
        return new ImageFit(kind, Integer.parseInt(matcher.group(1)), Integer.parseInt(width));
    }

    /** What {@link #text} wrote; null for any other text. */
    static ImageFit parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        return matcher.matches()
                ? new ImageFit(matcher.group(1), Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(3)))
                : null;
    }

    /** As it stands in the name of a data set: {@code resize=64x64}. */
    public String text() {
        return kind + "=" + height + "x" + width;
    }

    /** Whether images of a size can be fitted; small ones cannot be cropped. */
    boolean takes(int sourceHeight, int sourceWidth) {
        return kind.equals(RESIZE) || (sourceHeight >= height && sourceWidth >= width);
    }

    /**
     * Fits one plane.
     *
     * @param source rows of {@code sourceWidth} bytes
     * @param target receives the rows from {@code start} on
     */
    void plane(byte[] source, int sourceHeight, int sourceWidth, byte[] target, int start) {
        if (!kind.equals(RESIZE)) {
            int top = (sourceHeight - height) / 2;
            int left = (sourceWidth - width) / 2;
            for (int y = 0; y < height; y++) {
                System.arraycopy(source, (top + y) * sourceWidth + left, target, start + y * width, width);
            }
            return;
        }
        // Pixels of the source for one of the result.
        double step = Math.min((double) sourceHeight / height, (double) sourceWidth / width);
        double[][] across = weights(sourceWidth, width, step);
        double[][] down = weights(sourceHeight, height, step);
        double[] narrow = new double[sourceHeight * width];
        for (int y = 0; y < sourceHeight; y++) {
            for (int x = 0; x < width; x++) {
                double sum = 0;
                int first = (int) across[x][0];
                for (int i = 1; i < across[x].length; i++) {
                    sum += across[x][i] * (source[y * sourceWidth + first + i - 1] & 0xff);
                }
                narrow[y * width + x] = sum;
            }
        }
        for (int y = 0; y < height; y++) {
            int first = (int) down[y][0];
            for (int x = 0; x < width; x++) {
                double sum = 0;
                for (int i = 1; i < down[y].length; i++) {
                    sum += down[y][i] * narrow[(first + i - 1) * width + x];
                }
                target[start + y * width + x] = (byte) Math.round(sum);
            }
        }
    }

    /** For each of n results: the first source pixel that counts, then the weights of that and the following. */
    private static double[][] weights(int size, int n, double step) {
        double support = Math.max(1, step);
        double offset = (size - n * step) / 2;
        double[][] weights = new double[n][];
        for (int i = 0; i < n; i++) {
            double centre = offset + (i + 0.5) * step;
            int first = Math.max(0, (int) Math.floor(centre - support));
            int end = Math.min(size, (int) Math.ceil(centre + support));
            weights[i] = new double[1 + end - first];
            weights[i][0] = first;
            double sum = 0;
            for (int j = first; j < end; j++) {
                double weight = Math.max(0, 1 - Math.abs(j + 0.5 - centre) / support);
                weights[i][1 + j - first] = weight;
                sum += weight;
            }
            for (int j = 1; j < weights[i].length; j++) {
                weights[i][j] /= sum;
            }
        }
        return weights;
    }
}
