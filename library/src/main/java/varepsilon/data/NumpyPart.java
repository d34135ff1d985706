package varepsilon.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The arrays of NumPy that hold one part of a data set.
 *
 * @param images N×H×W, N×H×W×C or N×C×H×W
 * @param labels N or N×1; null where there are none
 */
record NumpyPart(Stored images, Stored labels) {
    /** More would make a list of classes that is longer than any set of images that fits. */
    private static final int MAX_CLASSES = 100_000;

    private static final int CHUNK_PIXELS = 1 << 22;
    /** How far from 0 to 255 a level may be and still be one: for fractions that single precision has rounded. */
    private static final double SLACK = 1e-3;

    /** An array in a file, and what it is. */
    record Stored(Path file, String name, NumpyFile.Header header) {
        private static final int SHOWN_LENGTH = 80;

        long size(int dimension) {
            return header.shape().get(dimension);
        }

        int dimensions() {
            return header.shape().size();
        }

        /** Its name as messages have it. */
        String label() {
            return oneLine("'" + (name.length() > SHOWN_LENGTH ? name.substring(0, SHOWN_LENGTH) + "…" : name) + "'");
        }

        /** Its name, type and shape as messages have them. */
        String description() {
            return label() + " (" + oneLine(header.toString()) + ")";
        }

        /** Names in the file may hold line breaks and terminal controls. */
        private static String oneLine(String text) {
            return text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " ");
        }

        InputException refused(String why) {
            return new InputException(file + ": " + description() + " " + why);
        }

        /** Into the open scope. */
        Tensor read() throws IOException {
            try (NumpyFile opened = NumpyFile.open(file)) {
                return opened.read(name);
            }
        }
    }

    boolean isLabelled() {
        return labels != null;
    }

    boolean isFloatingPoint() {
        return images.header.type().matches("'[<>=|]?f\\d+'");
    }

    /**
     * The size of the images, by the header.
     *
     * @throws InputException where the array is not of images
     */
    ImageShape shape() {
        int channels = channelDimension();
        if (images.header.shape().contains(0L)) {
            throw images.refused("is empty; expected at least one image");
        }
        int height = channels == 1 ? 2 : 1;
        return new ImageShape(channels == 0 ? 1 : size(channels), size(height), size(height + 1));
    }

    /** The place of the channels among the dimensions; 0 for N×H×W. */
    private int channelDimension() {
        if (images.dimensions() == 3) {
            return 0;
        }
        boolean isFirst = images.dimensions() == 4 && isChannels(images.size(1));
        boolean isLast = images.dimensions() == 4 && isChannels(images.size(3));
        if (isFirst == isLast) {
            throw images.refused("is not clearly of images; expected N×H×W, N×H×W×C or N×C×H×W with 1 or 3 channels");
        }
        return isFirst ? 1 : 3;
    }

    private static boolean isChannels(long size) {
        return size == 1 || size == 3;
    }

    private int size(int dimension) {
        if (images.size(dimension) > Integer.MAX_VALUE) {
            throw images.refused("is of images too large; expected at most 2 GB in all");
        }
        return (int) images.size(dimension);
    }

    /** @throws InputException where the labels are not one for each image, by the header */
    void requireLabelForEach() {
        if (!isLabelled()) {
            return;
        }
        boolean isColumn = labels.dimensions() == 2 && labels.size(1) == 1;
        if (labels.dimensions() != 1 && !isColumn) {
            throw labels.refused("is not of labels; expected N or N×1: one whole number for each image");
        }
        if (labels.size(0) != images.size(0)) {
            throw labels.refused("does not fit " + images.file + ": " + images.description() + ": " + labels.size(0)
                    + " labels for " + images.size(0) + " images");
        }
    }

    /**
     * Reads images and labels.
     *
     * @param white the value of the brightest pixel; 0 for the usual one, 255, or 1 of floating-point numbers and of
     *     truth values
     * @throws InputException where a pixel is not between 0 and that
     */
    ImageSet read(String set, int white, List<String> classNames) throws IOException {
        ImageShape shape = shape();
        byte[] pixels;
        try (var scope = Scope.withoutGradients()) {
            Tensor read = images.read();
            pixels = switch (channelDimension()) {
                case 0 -> pixels(read.unsqueeze(1), white);
                case 1 -> pixels(read, white);
                default -> pixels(read.permute(0, 3, 1, 2), white);
            };
        }
        return isLabelled()
                ? ImageSet.labelled(
                        set, pixels, shape.channels(), shape.height(), shape.width(), readLabels(), classNames)
                : ImageSet.unlabelled(set, pixels, shape.channels(), shape.height(), shape.width());
    }

    /** @param all N×C×H×W */
    private byte[] pixels(Tensor all, int stated) {
        byte[] pixels = PixelMemory.allocate(
                images.file + ": " + images.label() + " holds " + all.count() + " bytes of pixels", all.count());
        boolean isFraction = isFloatingPoint() || all.dtype() == DType.BOOL;
        int white = stated > 0 ? stated : isFraction ? 1 : 255;
        int dimensions = pixels.length / (int) all.size(0);
        int chunk = Math.max(1, CHUNK_PIXELS / dimensions);
        float highest = 0;
        for (long first = 0; first < all.size(0); first += chunk) {
            float[] values;
            try (var scope = Scope.withoutGradients()) {
                values = all.narrow(0, first, Math.min(chunk, all.size(0) - first))
                        .to(DType.FLOAT32)
                        .toFloats();
            }
            int start = (int) first * dimensions;
            for (int i = 0; i < values.length; i++) {
                double level = values[i] * 255.0 / white;
                if (!(level >= -SLACK && level <= 255 + SLACK)) { // NaN is not
                    throw outOfRange(values[i], (start + i) / dimensions, white);
                }
                pixels[start + i] = (byte) Math.round(level);
                highest = Math.max(highest, values[i]);
            }
        }
        if (highest == 1 && white == 255 && stated == 0) {
            throw images.refused("holds only 0 and 1, where 255 is white; where 1 is, state it: "
                    + NumpySource.prefix(1) + "FILE; else " + NumpySource.prefix(255) + "FILE");
        }
        return pixels;
    }

    private InputException outOfRange(float value, int image, int white) {
        return images.refused("has the value " + value + " in image " + image + "; expected pixels from 0 to " + white
                + "; where another number than " + white + " is white, state it, as "
                + NumpySource.prefix(white == 255 ? 65_535 : 255) + "FILE does");
    }

    /**
     * Reads the labels.
     *
     * @throws InputException where there is one that is none
     */
    int[] readLabels() throws IOException {
        long[] found;
        try (var scope = Scope.withoutGradients()) {
            Tensor read = labels.read();
            if (read.dtype().isFloatingPoint()) {
                throw labels.refused("is not of labels; expected whole numbers");
            }
            found = read.to(DType.INT64).toLongs();
        }
        for (int i = 0; i < found.length; i++) {
            if (found[i] < 0 || found[i] >= MAX_CLASSES) {
                throw labels.refused(
                        "has the label " + found[i] + " for image " + i + "; expected 0 to " + (MAX_CLASSES - 1));
            }
        }
        return Arrays.stream(found).mapToInt(label -> (int) label).toArray();
    }
}
