package varepsilon.data;

/** Filters of images: weights of sum 1. */
final class Kernels {
    // Of the filter of a disk, pixels to each side of the middle: no radius here is larger.
    private static final int REACH = 8;

    private Kernels() {}

    /** A Gaussian, as far as {@code truncate} standard deviations: weights from the middle on. */
    static double[] gaussian(double sigma, double truncate) {
        int reach = (int) (truncate * sigma + 0.5);
        return gaussian(sigma, reach);
    }

    /** The same with so many pixels to each side. */
    static double[] gaussian(double sigma, int reach) {
        double[] weights = new double[reach + 1];
        double sum = 0;
        for (int i = 0; i <= reach; i++) {
            weights[i] = i == 0 ? 1 : StrictMath.exp(-i * i / (2 * sigma * sigma));
            sum += i == 0 ? weights[i] : 2 * weights[i];
        }
        for (int i = 0; i <= reach; i++) {
            weights[i] /= sum;
        }
        return weights;
    }

    /** Equal weights within the radius, smoothed by a Gaussian of 3×3 pixels. */
    static double[][] disk(double radius, double softness) {
        int size = 2 * REACH + 1;
        PixelArray disk = PixelArray.grey(size, size).with((v, channel, row, column) -> {
            int down = row - REACH;
            int right = column - REACH;
            return down * down + right * right <= radius * radius ? 1 : 0;
        });
        double sum = disk.meansOfChannels()[0] * size * size;
        PixelArray soft = disk.map(v -> v / sum).blurred(gaussian(softness, 1));
        double[][] weights = new double[size][size];
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                weights[i][j] = soft.at(0, i, j);
            }
        }
        return weights;
    }
}
