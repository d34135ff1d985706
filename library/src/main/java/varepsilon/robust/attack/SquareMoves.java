package varepsilon.robust.attack;

import java.util.Arrays;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/** What {@link Square} begins with and proposes, in one norm. */
abstract class SquareMoves {
    /** Sizes of an image: {@code channels}×{@code height}×{@code width}. */
    final int channels;

    final int height;
    final int width;

    private SquareMoves(long[] shape) {
        boolean image = shape.length == 4;
        channels = image ? (int) shape[1] : 1;
        height = image ? (int) shape[2] : 1;
        width = image ? (int) shape[3] : (int) Arrays.stream(shape).skip(1).reduce(1, Math::multiplyExact);
    }

    static SquareMoves of(Problem problem) {
        long[] shape = problem.pixels().shape();
        Norm norm = problem.threat().norm();
        return norm == Norm.LINF ? new Signs(shape) : new Bumps(shape, norm == Norm.L2 ? 2 : 1);
    }

    /** Perturbations of the first query, N×…. */
    abstract Tensor start(Problem problem, Draws draws);

    /** How many random numbers a proposal takes. */
    abstract int numbers();

    /**
     * Other perturbations.
     *
     * @param delta N×…
     * @param numbers uniform in [0, 1), FLOAT64 N×{@link #numbers}
     * @param share of the pixels that a window covers
     */
    abstract Tensor propose(Problem problem, Tensor delta, Tensor numbers, double share);

    final Tensor asImages(Tensor x) {
        return x.reshape(x.size(0), channels, height, width);
    }

    /** Height and width of a window. */
    record Size(int height, int width) {}

    /** That of a square of this share of the pixels; where it does not fit, of a rectangle of the same area. */
    final Size windowOf(double share, boolean odd, int least) {
        double area = share * height * width;
        int side = Math.max(least, (int) Math.rint(Math.sqrt(area)));
        side += odd && side % 2 == 0 ? 1 : 0;
        int most = Math.min(height, width);
        if (side <= most || height == width) {
            return new Size(Math.min(side, most), Math.min(side, most));
        }
        int longer = Math.min(Math.max(height, width), Math.max(least, (int) Math.rint(area / most)));
        return height < width ? new Size(most, longer) : new Size(longer, most);
    }

    /**
     * A window in each example, uniform over those inside the image.
     *
     * @param outside BOOL N×1×H×W
     * @param index INT64 N×1×H×W, row·(width of the window) + column within it; 0 outside
     */
    record Window(Tensor outside, Tensor index) {}

    /** @param numbers two an example, N×2 */
    final Window place(Size size, Tensor numbers) {
        Tensor rows = offsets(numbers.narrow(1, 0, 1), height, size.height())
                .unsqueeze(1)
                .unsqueeze(3);
        Tensor columns = offsets(numbers.narrow(1, 1, 1), width, size.width())
                .unsqueeze(1)
                .unsqueeze(1);
        Tensor outside = outside(rows, size.height()).or(outside(columns, size.width()));
        Tensor index = rows.mul(size.width()).add(columns).to(DType.INT64);
        return new Window(outside, index.zerosLike().where(outside, index));
    }

    /** Positions relative to a random one, N×length. */
    private static Tensor offsets(Tensor uniform, int length, int windowLength) {
        int places = length - windowLength + 1;
        // A number just below 1 times the number of places may round up to that.
        Tensor start = uniform.mul(places).clamp(0, places - 0.5).to(DType.INT64);
        return Tensor.arange(length).to(uniform.device()).unsqueeze(0).sub(start);
    }

    private static Tensor outside(Tensor offsets, int windowLength) {
        return offsets.lt(offsets.zerosLike()).or(offsets.gt(windowLength - 0.5));
    }

    /** L∞: stripes of one column, then windows, in which every channel is at ε or −ε. */
    private static final class Signs extends SquareMoves {
        Signs(long[] shape) {
            super(shape);
        }

        @Override
        Tensor start(Problem problem, Draws draws) {
            Tensor pixels = asImages(problem.pixels());
            Tensor columns = pixels.narrow(2, 0, 1);
            Tensor stripes = PerExample.signs(draws.uniform(columns), pixels).expand(pixels.shape());
            return moved(problem, stripes);
        }

        @Override
        int numbers() {
            return 2 + channels;
        }

        @Override
        Tensor propose(Problem problem, Tensor delta, Tensor numbers, double share) {
            Window window = place(windowOf(share, false, 1), numbers.narrow(1, 0, 2));
            Tensor sign =
                    PerExample.signs(numbers.narrow(1, 2, channels), delta).reshape(numbers.size(0), channels, 1, 1);
            Tensor full = sign.mul(problem.threat().epsilon());
            return problem.project(asImages(delta).where(window.outside(), full).reshape(delta.shape()));
        }

        private static Tensor moved(Problem problem, Tensor signs) {
            return problem.project(signs.mul(problem.threat().epsilon())
                    .reshape(problem.pixels().shape()));
        }
    }

    /**
     * L2 and L1: a window takes a bump, to which the change in that window before is added; it has the length that
     * another window and the ball had left.
     */
    private static final class Bumps extends SquareMoves {
        private static final double TINY = 1e-12;
        private static final int TILES = 5;

        private final int power;

        /** @param power that of the norm, 1 or 2 */
        Bumps(long[] shape, int power) {
            super(shape);
            this.power = power;
        }

        /** Five by five bumps, of which a strip remains free at the border. */
        @Override
        Tensor start(Problem problem, Draws draws) {
            int rows = Math.min(TILES, height);
            int columns = Math.min(TILES, width);
            Size tile = new Size(height / rows, width / columns);
            Tensor like = asImages(problem.pixels());
            Tensor signs =
                    tiled(PerExample.signs(draws.uniform(like.narrow(2, 0, rows).narrow(3, 0, columns)), like), tile);
            Tensor flat = tiled(
                            draws.uniform(
                                    like.narrow(1, 0, 1).narrow(2, 0, rows).narrow(3, 0, columns)),
                            tile)
                    .lt(like.zerosLike().add(0.5));
            Tensor bumps = tiling(tile, true, like).where(flat, tiling(tile, false, like));
            Tensor delta = bumps.mul(signs).reshape(problem.pixels().shape());
            return power == 2 ? ofFullLength(problem, delta) : problem.project(atLeastFullLength(problem, delta));
        }

        /** One value a tile, N×C×rows×columns, for every pixel; those of the border take the nearest. */
        private Tensor tiled(Tensor values, Size tile) {
            return values.indexSelect(2, tileOf(height, tile.height(), values))
                    .indexSelect(3, tileOf(width, tile.width(), values));
        }

        private static Tensor tileOf(int length, int tileLength, Tensor like) {
            int tiles = Math.min(TILES, length);
            long[] index = new long[length];
            Arrays.setAll(index, i -> Math.max(0, Math.min(tiles - 1, Math.floorDiv(i - border(length), tileLength))));
            return Tensor.of(index, length).to(like.device());
        }

        private static int border(int length) {
            int tiles = Math.min(TILES, length);
            return (length - length / tiles * tiles) / 2;
        }

        /** The same bump in every tile, 0 at the border: 1×1×H×W. */
        private Tensor tiling(Size tile, boolean upright, Tensor like) {
            double[] bump = bump(tile, upright);
            int tileRows = Math.min(TILES, height) * tile.height();
            int tileColumns = Math.min(TILES, width) * tile.width();
            double[] values = new double[height * width];
            for (int i = 0; i < tileRows; i++) {
                for (int j = 0; j < tileColumns; j++) {
                    values[(i + border(height)) * width + j + border(width)] =
                            bump[i % tile.height() * tile.width() + j % tile.width()];
                }
            }
            return Tensor.of(values, 1, 1, height, width).to(like.dtype()).to(like.device());
        }

        @Override
        int numbers() {
            return 5 + channels;
        }

        @Override
        Tensor propose(Problem problem, Tensor delta, Tensor numbers, double share) {
            Size size = windowOf(share, true, 3);
            Window here = place(size, numbers.narrow(1, 0, 2));
            Window there = place(size, numbers.narrow(1, 2, 2));
            Tensor before = asImages(delta);
            Tensor zero = before.zerosLike();
            Tensor inside = zero.where(here.outside(), before);
            Tensor outside = before.sub(inside);
            Tensor given = zero.where(there.outside(), outside);

            Tensor sign =
                    PerExample.signs(numbers.narrow(1, 5, channels), delta).reshape(numbers.size(0), channels, 1, 1);
            Tensor bump = bumps(size, here, numbers.narrow(1, 4, 1), before).mul(sign);
            Tensor added = bump.add(inside.div(length(inside).add(TINY)));
            Tensor after = added.div(length(added).add(TINY)).mul(lengthLeft(problem, delta, inside.add(given)));
            Tensor moved = outside.sub(given).add(after).reshape(delta.shape());
            return power == 2 ? ofFullLength(problem, moved) : problem.project(moved);
        }

        /** The length that a window may have in each channel: N×C×1×1. */
        private Tensor lengthLeft(Problem problem, Tensor delta, Tensor windows) {
            double epsilon = problem.threat().epsilon();
            if (power == 1) {
                Tensor left = problem.threat().norm().length(delta).neg().add(epsilon);
                return PerExample.broadcast(left.relu(), windows)
                        .add(length(windows).mul(channels));
            }
            Tensor left = PerExample.sum(delta.square()).neg().add(epsilon * epsilon);
            return PerExample.broadcast(left.relu().div(channels), windows)
                    .add(length(windows).square())
                    .sqrt();
        }

        /** ‖x‖ in each channel, N×C×1×1. */
        private Tensor length(Tensor x) {
            Tensor sums = power == 2
                    ? x.square().flatten(2).sum(2).sqrt()
                    : x.abs().flatten(2).sum(2);
            return sums.unsqueeze(2).unsqueeze(3);
        }

        private static Tensor ofFullLength(Problem problem, Tensor delta) {
            return scaled(problem, delta, problem.threat().norm().length(delta).add(TINY))
                    .clamp(problem.low(), problem.high());
        }

        private static Tensor atLeastFullLength(Problem problem, Tensor delta) {
            Tensor length = problem.threat().norm().length(delta);
            Tensor epsilon = length.zerosLike().add(problem.threat().epsilon());
            return scaled(problem, delta, length.min(epsilon).add(TINY));
        }

        private static Tensor scaled(Problem problem, Tensor delta, Tensor length) {
            Tensor factor = length.zerosLike().add(problem.threat().epsilon()).div(length);
            return delta.mul(PerExample.broadcast(factor, delta));
        }

        /** The bump in each example's window, flat or upright by its number; 0 outside. */
        private Tensor bumps(Size size, Window window, Tensor uniform, Tensor like) {
            double[] both = Arrays.copyOf(bump(size, false), 2 * size.height() * size.width());
            System.arraycopy(bump(size, true), 0, both, both.length / 2, both.length / 2);
            Tensor upright = uniform.lt(uniform.zerosLike().add(0.5)).to(DType.INT64);
            Tensor second = upright.mul(both.length / 2.0).to(DType.INT64).flatten(0);
            Tensor index = window.index().add(PerExample.broadcast(second, window.index()));
            Tensor values = Tensor.of(both, both.length).to(like.dtype()).to(like.device());
            Tensor bumps = values.indexSelect(0, index.flatten(0))
                    .reshape(window.index().shape());
            return bumps.zerosLike().where(window.outside(), bumps);
        }

        /**
         * Two peaks of opposite sign, one above the other or, upright, side by side; of length 1. A window of one row
         * (or column) is divided along its length.
         */
        private double[] bump(Size size, boolean upright) {
            boolean sideBySide = size.height() < 2 || (upright && size.width() > 1);
            double[] values = new double[size.height() * size.width()];
            // Of the two halves, each has length 1 before they are put together.
            double[] lengths = new double[2];
            int half = (sideBySide ? size.width() : size.height()) / 2;
            for (int i = 0; i < size.height(); i++) {
                for (int j = 0; j < size.width(); j++) {
                    int along = sideBySide ? j : i;
                    int across = sideBySide ? i : j;
                    int whole = sideBySide ? size.width() : size.height();
                    int acrossLength = sideBySide ? size.height() : size.width();
                    double value = along < half
                            ? peak(along, across, half, acrossLength)
                            : -peak(along - half, across, whole - half, acrossLength);
                    values[i * size.width() + j] = value;
                    lengths[value > 0 ? 0 : 1] += Math.pow(Math.abs(value), power);
                }
            }
            double both = Math.pow(half == 0 ? 1 : 2, 1.0 / power);
            return Arrays.stream(values)
                    .map(value -> value / Math.pow(lengths[value > 0 ? 0 : 1], 1.0 / power) / both)
                    .toArray();
        }

        /** Σ 1/(k + 1)² over the rings k that contain the pixel, to the fourth in L1: highest in the middle. */
        private double peak(int i, int j, int rows, int columns) {
            int rings = Math.max(rows / 2, columns / 2);
            double sum = 0;
            for (int k = Math.max(Math.abs(i - rows / 2), Math.abs(j - columns / 2)); k <= rings; k++) {
                sum += 1 / Math.pow(k + 1, power == 2 ? 2 : 4);
            }
            return sum;
        }
    }
}
