package varepsilon.data;

/** Textures of ice and haze. */
final class Frost {
    private Frost() {}

    /**
     * Ice as it grows on a window: needles with branches of 60°, over a haze. Bright where there is ice, of one channel.
     */
    static PixelArray drawn(int height, int width, Draw draw) {
        PixelArray haze = plasma(height, width, 2, draw);
        double[] ice = new double[height * width];
        int needles = Math.max(3, height * width / 50);
        for (int i = 0; i < needles; i++) {
            double row = draw.uniform(0, height);
            double column = draw.uniform(0, width);
            double angle = draw.uniform(0, 2 * Math.PI);
            double length = draw.uniform(4, 14);
            needle(ice, height, width, row, column, angle, length, 1);
            for (double along = 2; along < length; along += 2.5) {
                for (int side = -1; side <= 1; side += 2) {
                    needle(
                            ice,
                            height,
                            width,
                            row + along * StrictMath.sin(angle),
                            column + along * StrictMath.cos(angle),
                            angle + side * Math.PI / 3,
                            (length - along) / 2,
                            0.7);
                }
            }
        }
        return haze.with((v, channel, row, column) -> Math.min(1, 0.25 + 0.45 * v + 0.6 * ice[row * width + column]));
    }

    private static void needle(
            double[] ice, int height, int width, double row, double column, double angle, double length, double level) {
        for (double along = 0; along < length; along += 0.5) {
            int i = (int) Math.floor(row + along * StrictMath.sin(angle));
            int j = (int) Math.floor(column + along * StrictMath.cos(angle));
            if (i >= 0 && i < height && j >= 0 && j < width) {
                ice[i * width + j] = Math.max(ice[i * width + j], level * (1 - along / (length + 1)));
            }
        }
    }

    /**
     * A fractal landscape by the diamond-square algorithm on a torus, from 0 to 1.
     *
     * @param decay by which the roughness falls from one size to the next smaller
     */
    static PixelArray plasma(int height, int width, double decay, Draw draw) {
        int size = Math.max(2, Integer.highestOneBit(2 * Math.max(height, width) - 1));
        double[][] map = new double[size][size];
        double roughness = 100;
        for (int step = size; step >= 2; step /= 2) {
            int half = step / 2;
            // The scale is applied twice, in CIFAR-10-C as here: it falls by the square of the decay.
            double scale = roughness * roughness;
            for (int i = 0; i < size; i += step) {
                for (int j = 0; j < size; j += step) {
                    double corners = map[i][j]
                            + map[(i + step) % size][j]
                            + map[i][(j + step) % size]
                            + map[(i + step) % size][(j + step) % size];
                    map[i + half][j + half] = corners / 4 + draw.uniform(-scale, scale);
                }
            }
            for (int i = 0; i < size; i += step) {
                for (int j = 0; j < size; j += step) {
                    double above = map[Math.floorMod(i - half, size)][j + half] + map[i + half][j + half];
                    double beside = map[i][j] + map[i][(j + step) % size];
                    map[i][j + half] = (above + beside) / 4 + draw.uniform(-scale, scale);
                    double left = map[i + half][Math.floorMod(j - half, size)] + map[i + half][j + half];
                    double ends = map[i][j] + map[(i + step) % size][j];
                    map[i + half][j] = (left + ends) / 4 + draw.uniform(-scale, scale);
                }
            }
            roughness /= decay;
        }
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (double[] line : map) {
            for (double v : line) {
                least = Math.min(least, v);
                most = Math.max(most, v);
            }
        }
        double low = least;
        double range = most - least;
        return PixelArray.grey(height, width).with((v, channel, row, column) -> (map[row][column] - low) / range);
    }
}
