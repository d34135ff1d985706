package varepsilon.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import varepsilon.base.InputException;

/**
 * Images of one size as unsigned bytes N×C×H×W in memory, each with a class label or none with one. Immutable. A subset
 * is a view: it holds indices and shares the pixels.
 */
public final class ImageSet {
    private final String name;
    private final byte[] pixels;
    private final int channels;
    private final int height;
    private final int width;
    private final int[] labels;
    private final List<String> classNames;
    /** Rows of the shared arrays that this set shows, in its order; null where it shows all of them. */
    private final int[] rows;

    private final int size;

    private ImageSet(
            String name,
            byte[] pixels,
            int channels,
            int height,
            int width,
            int[] labels,
            List<String> classNames,
            int[] rows,
            int size) {
        this.name = name;
        this.pixels = pixels;
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.labels = labels;
        this.classNames = classNames;
        this.rows = rows;
        this.size = size;
    }

    /**
     * Images with labels. The arrays are taken over, not copied: the caller no longer writes to them.
     *
     * @param name what the set is called in messages and provenance, for instance {@code mnist/train}
     * @param pixels N·C·H·W unsigned bytes, image after image, each channel after channel, each row after row
     * @param labels N numbers from 0 to {@code classNames.size() - 1}
     * @throws IllegalArgumentException where the sizes do not fit together or a label names no class
     */
    public static ImageSet labelled(
            String name, byte[] pixels, int channels, int height, int width, int[] labels, List<String> classNames) {
        int size = countImages(name, pixels, channels, height, width);
        if (labels.length != size) {
            throw new IllegalArgumentException(name + ": " + size + " images but " + labels.length + " labels");
        }
        for (int i = 0; i < size; i++) {
            if (labels[i] < 0 || labels[i] >= classNames.size()) {
                throw new IllegalArgumentException(name + ": label " + labels[i] + " of image " + i + " is not one of "
                        + classNames.size() + " classes");
            }
        }
        return new ImageSet(name, pixels, channels, height, width, labels, List.copyOf(classNames), null, size);
    }

    /**
     * Images without labels. The array is taken over, not copied: the caller no longer writes to it.
     *
     * @param pixels N·C·H·W unsigned bytes, image after image, each channel after channel, each row after row
     * @throws IllegalArgumentException where the sizes do not fit together
     */
    public static ImageSet unlabelled(String name, byte[] pixels, int channels, int height, int width) {
        int size = countImages(name, pixels, channels, height, width);
        return new ImageSet(name, pixels, channels, height, width, null, List.of(), null, size);
    }

    private static int countImages(String name, byte[] pixels, int channels, int height, int width) {
        Objects.requireNonNull(name, "name");
        if (channels < 1 || height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    name + ": images of " + channels + "×" + height + "×" + width + " have no pixels");
        }
        long values = Math.multiplyExact((long) channels * height, (long) width);
        if (pixels.length == 0 || pixels.length % values != 0) {
            throw new IllegalArgumentException(name + ": " + pixels.length + " bytes are not one or more images of "
                    + channels + "×" + height + "×" + width);
        }
        return (int) (pixels.length / values);
    }

    /** What the set is called in messages and provenance. */
    public String name() {
        return name;
    }

    /** The number of images, N; at least 1. */
    public int size() {
        return size;
    }

    /** Colour channels of an image, C: 1 for grey, 3 for red, green, blue. */
    public int channels() {
        return channels;
    }

    /** Rows of an image, H. */
    public int height() {
        return height;
    }

    /** Columns of an image, W. */
    public int width() {
        return width;
    }

    /** The size of an image, C×H×W. */
    public ImageShape shape() {
        return new ImageShape(channels, height, width);
    }

    /** Values in an image, D = C·H·W: the dimensions in "bits per dimension". */
    public int dimensions() {
        return channels * height * width;
    }

    /** Whether the images have labels. */
    public boolean isLabelled() {
        return labels != null;
    }

    /** The names of the classes by label; empty without labels. */
    public List<String> classNames() {
        return classNames;
    }

    /**
     * The label of image {@code i}.
     *
     * @throws IllegalStateException without labels
     */
    public int label(int i) {
        requireLabels();
        return labels[row(i)];
    }

    /**
     * A copy of all labels, in order.
     *
     * @throws IllegalStateException without labels
     */
    public int[] labels() {
        requireLabels();
        int[] copy = new int[size];
        Arrays.setAll(copy, i -> labels[row(i)]);
        return copy;
    }

    /** A copy of the C·H·W bytes of image {@code i}. */
    public byte[] image(int i) {
        byte[] copy = new byte[dimensions()];
        System.arraycopy(pixels, row(i) * copy.length, copy, 0, copy.length);
        return copy;
    }

    /**
     * Copies the images {@code indices[from]} … {@code indices[to - 1]}, one after the other, to the start of {@code
     * target}.
     */
    void gather(int[] indices, int from, int to, byte[] target) {
        int dimensions = dimensions();
        for (int i = from; i < to; i++) {
            System.arraycopy(pixels, row(indices[i]) * dimensions, target, (i - from) * dimensions, dimensions);
        }
    }

    /**
     * The images at these indices, in this order; an index may come twice.
     *
     * @throws IllegalArgumentException for no indices or one outside the set
     */
    public ImageSet subset(int... indices) {
        if (indices.length == 0) {
            throw new IllegalArgumentException(name + ": a subset needs at least one image");
        }
        int[] chosen = new int[indices.length];
        for (int i = 0; i < chosen.length; i++) {
            if (indices[i] < 0 || indices[i] >= size) {
                throw new IllegalArgumentException(
                        name + ": index " + indices[i] + " is not one of " + size + " images");
            }
            chosen[i] = row(indices[i]);
        }
        return new ImageSet(name, pixels, channels, height, width, labels, classNames, chosen, chosen.length);
    }

    /**
     * The first {@code n} images, or all where there are no more.
     *
     * @throws InputException for {@code n} below 1: the number is user input
     */
    public ImageSet limit(int n) {
        if (n < 1) {
            throw new InputException(name + ": a limit of " + n + " images; expected 1 or more");
        }
        if (n >= size) {
            return this;
        }
        int[] first = new int[n];
        Arrays.setAll(first, i -> i);
        return subset(first);
    }

    /**
     * Images of each class, by label.
     *
     * @throws IllegalStateException without labels
     */
    public int[] classCounts() {
        requireLabels();
        int[] counts = new int[classNames.size()];
        for (int i = 0; i < size; i++) {
            counts[labels[row(i)]]++;
        }
        return counts;
    }

    /**
     * Mean and standard deviation of the pixels, each channel for itself, in [0,1] units.
     *
     * @param mean by channel
     * @param std by channel; that of the population (divided by the count, not the count less one)
     */
    public record Statistics(List<Double> mean, List<Double> std) {}

    /** Mean and standard deviation of the pixels, in [0,1] units: exact sums, one rounding at the end. */
    public Statistics statistics() {
        Double[] mean = new Double[channels];
        Double[] std = new Double[channels];
        int plane = height * width;
        for (int c = 0; c < channels; c++) {
            long[] histogram = new long[256];
            for (int i = 0; i < size; i++) {
                int start = (row(i) * channels + c) * plane;
                for (int p = start; p < start + plane; p++) {
                    histogram[pixels[p] & 0xff]++;
                }
            }
            long sum = 0;
            for (int level = 0; level < 256; level++) {
                sum += level * histogram[level];
            }
            double count = (double) size * plane;
            double average = sum / count;
            double squares = 0;
            for (int level = 0; level < 256; level++) {
                squares += histogram[level] * (level - average) * (level - average);
            }
            mean[c] = average / 255;
            std[c] = Math.sqrt(squares / count) / 255;
        }
        return new Statistics(List.of(mean), List.of(std));
    }

    /**
     * SHA-256, in hexadecimal, of shape, pixels and labels in order: equal for equal images, whatever file they came
     * from.
     */
    public String sha256() {
        MessageDigest digest = Checksums.newSha256();
        digest.update((size + "x" + channels + "x" + height + "x" + width + "\n").getBytes(StandardCharsets.US_ASCII));
        int dimensions = dimensions();
        for (int i = 0; i < size; i++) {
            digest.update(pixels, row(i) * dimensions, dimensions);
        }
        if (labels != null) {
            ByteBuffer bytes = ByteBuffer.allocate(4 * size);
            for (int i = 0; i < size; i++) {
                bytes.putInt(labels[row(i)]);
            }
            digest.update(bytes.array());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private int row(int i) {
        if (i < 0 || i >= size) {
            throw new IndexOutOfBoundsException(name + ": image " + i + " of " + size);
        }
        return rows == null ? i : rows[i];
    }

    private void requireLabels() {
        if (labels == null) {
            throw new IllegalStateException(name + " has no labels");
        }
    }

    @Override
    public String toString() {
        return name + ": " + size + " images of " + channels + "×" + height + "×" + width;
    }
}
