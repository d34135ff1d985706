package varepsilon.data;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * An image as numbers, 0 to 1 from black to white, with what corruptions do to it. Methods return new images but for
 * {@link #exchange}.
 *
 * @param values C×H×W in row-major order
 */
record PixelArray(int channels, int height, int width, double[] values) {
    // Keeps what is a whole level but for rounding from falling below it.
    private static final double ROUNDING = 1e-6;

    static PixelArray of(byte[] image, int channels, int height, int width) {
        double[] values = new double[image.length];
        Arrays.setAll(values, i -> (image[i] & 0xff) / 255.0);
        return new PixelArray(channels, height, width, values);
    }

    /** One channel of zeros. */
    static PixelArray grey(int height, int width) {
        return new PixelArray(1, height, width, new double[height * width]);
    }

    /** Clipped to [0, 1], levels rounded down, as CIFAR-10-C has it. */
    byte[] toBytes() {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (int) (Math.max(0, Math.min(1, values[i])) * 255 + ROUNDING);
        }
        return bytes;
    }

    double at(int channel, int row, int column) {
        return values[(channel * height + row) * width + column];
    }

    /** What a pixel becomes. */
    @FunctionalInterface
    interface Pixel {
        double of(double value, int channel, int row, int column);
    }

    PixelArray with(Pixel pixel) {
        double[] result = new double[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = pixel.of(values[i], i / (height * width), i / width % height, i % width);
        }
        return new PixelArray(channels, height, width, result);
    }

    PixelArray map(DoubleUnaryOperator change) {
        return with((v, channel, row, column) -> change.applyAsDouble(v));
    }

    PixelArray plus(PixelArray other) {
        return with((v, channel, row, column) -> v + other.at(channel, row, column));
    }

    /** Exchanges two pixels of this image. */
    void exchange(int row, int column, int otherRow, int otherColumn) {
        for (int channel = 0; channel < channels; channel++) {
            int one = (channel * height + row) * width + column;
            int other = (channel * height + otherRow) * width + otherColumn;
            double kept = values[one];
            values[one] = values[other];
            values[other] = kept;
        }
    }

    double largest() {
        return Arrays.stream(values).max().orElseThrow();
    }

    double[] meansOfChannels() {
        double[] means = new double[channels];
        for (int i = 0; i < values.length; i++) {
            means[i / (height * width)] += values[i] / (height * width);
        }
        return means;
    }

    /** The largest channel of each pixel: the value in HSV. */
    PixelArray largestOfChannels() {
        return grey(height, width).with((v, none, row, column) -> {
            double largest = at(0, row, column);
            for (int channel = 1; channel < channels; channel++) {
                largest = Math.max(largest, at(channel, row, column));
            }
            return largest;
        });
    }

    /** Luma by ITU-R BT.601. */
    PixelArray asGrey() {
        return channels == 1
                ? this
                : grey(height, width)
                        .with((v, none, row, column) ->
                                0.299 * at(0, row, column) + 0.587 * at(1, row, column) + 0.114 * at(2, row, column));
    }

    /** By a filter of odd size; beyond the border the image is mirrored at its last pixels. */
    PixelArray filtered(double[][] weights) {
        int reach = weights.length / 2;
        return with((v, channel, row, column) -> {
            double sum = 0;
            for (int i = -reach; i <= reach; i++) {
                for (int j = -reach; j <= reach; j++) {
                    double weight = weights[i + reach][j + reach];
                    if (weight != 0) {
                        sum += weight * at(channel, mirrored(row + i, height), mirrored(column + j, width));
                    }
                }
            }
            return sum;
        });
    }

    private static int mirrored(int i, int length) {
        if (length == 1) {
            return 0;
        }
        int period = Math.floorMod(i, 2 * length - 2);
        return period < length ? period : 2 * length - 2 - period;
    }

    private static int nearest(int i, int length) {
        return Math.max(0, Math.min(length - 1, i));
    }

    /** By a Gaussian; beyond the border the last pixels go on. */
    PixelArray blurred(double sigma, double truncate) {
        return sigma == 0 ? this : blurred(Kernels.gaussian(sigma, truncate));
    }

    /** By a symmetric filter along both directions: its weights from the middle on. */
    PixelArray blurred(double[] half) {
        PixelArray along = with((v, channel, row, column) -> {
            double sum = half[0] * v;
            for (int i = 1; i < half.length; i++) {
                sum += half[i]
                        * (at(channel, row, nearest(column - i, width)) + at(channel, row, nearest(column + i, width)));
            }
            return sum;
        });
        return along.with((v, channel, row, column) -> {
            double sum = half[0] * v;
            for (int i = 1; i < half.length; i++) {
                sum += half[i]
                        * (along.at(channel, nearest(row - i, height), column)
                                + along.at(channel, nearest(row + i, height), column));
            }
            return sum;
        });
    }

    /** A mean over 2·radius + 1 pixels on one side, with weights that fall as a Gaussian, in a direction in degrees. */
    PixelArray movedBlur(int radius, double sigma, double degrees) {
        int length = 2 * radius + 1;
        double[] weights = new double[length];
        int[] down = new int[length];
        int[] right = new int[length];
        double sum = 0;
        for (int i = 0; i < length; i++) {
            weights[i] = StrictMath.exp(-i * i / (2 * sigma * sigma));
            sum += weights[i];
            right[i] = (int) Math.ceil(i * StrictMath.cos(Math.toRadians(degrees)) - 0.5);
            down[i] = (int) Math.ceil(i * StrictMath.sin(Math.toRadians(degrees)) - 0.5);
        }
        double all = sum;
        return with((v, channel, row, column) -> {
            double mean = 0;
            for (int i = 0; i < length; i++) {
                mean += weights[i]
                        / all
                        * at(channel, nearest(row + down[i], height), nearest(column + right[i], width));
            }
            return mean;
        });
    }

    /** Between pixels, bilinearly; beyond the border mirrored. */
    double between(int channel, double row, double column) {
        int top = (int) Math.floor(row);
        int left = (int) Math.floor(column);
        double down = row - top;
        double right = column - left;
        return (1 - down)
                        * ((1 - right) * at(channel, mirrored(top, height), mirrored(left, width))
                                + right * at(channel, mirrored(top, height), mirrored(left + 1, width)))
                + down
                        * ((1 - right) * at(channel, mirrored(top + 1, height), mirrored(left, width))
                                + right * at(channel, mirrored(top + 1, height), mirrored(left + 1, width)));
    }

    /** Enlarged around the middle. */
    PixelArray zoomed(double factor) {
        double middleRow = (height - 1) / 2.0;
        double middleColumn = (width - 1) / 2.0;
        return with((v, channel, row, column) -> between(
                channel, middleRow + (row - middleRow) / factor, middleColumn + (column - middleColumn) / factor));
    }

    /** Each pixel from so far below and to the right. */
    PixelArray displaced(PixelArray down, PixelArray right) {
        return with((v, channel, row, column) ->
                between(channel, row + down.at(0, row, column), column + right.at(0, row, column)));
    }

    /**
     * By the affine map that moves three points around the middle by up to {@code most} pixels each: coordinates by
     * coordinates, uniform and independent.
     */
    PixelArray affinelyMoved(double most, Draw draw) {
        int middleRow = height / 2;
        int middleColumn = width / 2;
        int side = Math.min(height, width) / 3;
        // As (row, column): the points (s, s), (s, −s), (−s, −s) from the middle, and where they go.
        double[][] from = {{side, side}, {-side, side}, {-side, -side}};
        double[][] to = new double[3][2];
        for (int i = 0; i < 3; i++) {
            to[i][0] = from[i][0] + draw.uniform(-most, most);
            to[i][1] = from[i][1] + draw.uniform(-most, most);
        }
        if (side == 0) {
            return this;
        }
        // to = M·from + t. The differences of the points are along the axes.
        double rr = (to[0][0] - to[1][0]) / (2 * side);
        double cr = (to[0][1] - to[1][1]) / (2 * side);
        double rc = (to[1][0] - to[2][0]) / (2 * side);
        double cc = (to[1][1] - to[2][1]) / (2 * side);
        double tr = to[0][0] - (rr + rc) * side;
        double tc = to[0][1] - (cr + cc) * side;
        double determinant = rr * cc - rc * cr;
        return with((v, channel, row, column) -> {
            double r = row - middleRow - tr;
            double c = column - middleColumn - tc;
            return between(
                    channel,
                    middleRow + (cc * r - rc * c) / determinant,
                    middleColumn + (rr * c - cr * r) / determinant);
        });
    }

    /** Of another size: each pixel the mean of the area that it covers. Enlarged, each the nearest pixel. */
    PixelArray ofSize(int newHeight, int newWidth) {
        double[] result = new double[channels * newHeight * newWidth];
        for (int channel = 0; channel < channels; channel++) {
            for (int row = 0; row < newHeight; row++) {
                for (int column = 0; column < newWidth; column++) {
                    result[(channel * newHeight + row) * newWidth + column] =
                            mean(channel, row, newHeight, column, newWidth);
                }
            }
        }
        return new PixelArray(channels, newHeight, newWidth, result);
    }

    /** A box filter: pixels count whose middle lies in the area, or all pixels nearest to it. */
    private double mean(int channel, int row, int newHeight, int column, int newWidth) {
        int[] rows = covered(row, newHeight, height);
        int[] columns = covered(column, newWidth, width);
        double sum = 0;
        for (int i = rows[0]; i < rows[1]; i++) {
            for (int j = columns[0]; j < columns[1]; j++) {
                sum += at(channel, i, j);
            }
        }
        return sum / ((rows[1] - rows[0]) * (columns[1] - columns[0]));
    }

    /** From and to: the pixels whose middles lie in the n-th of {@code parts} equal parts; at least one. */
    private static int[] covered(int n, int parts, int length) {
        int from = (int) Math.ceil((double) n * length / parts - 0.5);
        int to = (int) Math.ceil((double) (n + 1) * length / parts - 0.5);
        int middle = Math.min(length - 1, (int) ((n + 0.5) * length / parts));
        return to > from ? new int[] {from, to} : new int[] {middle, middle + 1};
    }
}
