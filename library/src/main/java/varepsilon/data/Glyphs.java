package varepsilon.data;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Digits 0 to 9 as if written by hand, 28×28 grey, in the manner of MNIST: light ink on black, the ink's longer side 20
 * pixels, its centre of mass in the middle. No two are the same: each is one of some ways to write its digit, with
 * shaken points, an elastic warp, slant, turn and proportions, and a pen whose width and pressure vary along the
 * stroke.
 *
 * <p>The drawing uses only operations that IEEE 754 and {@link StrictMath} fix to the last bit, so one seed gives the
 * same bytes on every machine. Image {@code i} depends on the seed and {@code i} alone: fewer images are the first of
 * more.
 */
public final class Glyphs {
    private static final int SIDE = 28;
    private static final int PIXELS = SIDE * SIDE;
    /**
     * MNIST's: the longer side of the ink, and the middle of an image whose pixels have their centres at whole numbers.
     */
    private static final double INK_SIDE = 20;

    private static final double MIDDLE = (SIDE - 1) / 2.0;
    private static final int PIECES_PER_SPAN = 5;
    /** Half the width of the band in which the pen's edge fades. */
    private static final double SOFTNESS = 0.65;

    private Glyphs() {}

    /**
     * Draws images.
     *
     * @param name what the set is to be called
     * @param count how many; 1 or more
     * @param seed which
     * @return {@code count}×1×28×28, labels 0 to 9, all about as frequent
     */
    public static ImageSet draw(String name, int count, long seed) {
        if (count < 1) {
            throw new IllegalArgumentException("count " + count + ": expected 1 or more");
        }
        byte[] pixels = new byte[Math.multiplyExact(count, PIXELS)];
        int[] labels = new int[count];
        float[] canvas = new float[PIXELS];
        for (int i = 0; i < count; i++) {
            Dice dice = new Dice(seed, i);
            labels[i] = dice.below(10);
            draw(labels[i], dice, canvas);
            for (int p = 0; p < PIXELS; p++) {
                pixels[i * PIXELS + p] = (byte) (int) (255 * canvas[p] + 0.5f);
            }
        }
        List<String> names = IntStream.range(0, 10).mapToObj(Integer::toString).toList();
        return ImageSet.labelled(name, pixels, 1, SIDE, SIDE, labels, names);
    }

    private static void draw(int digit, Dice dice, float[] canvas) {
        List<GlyphShapes.Shape> shapes = GlyphShapes.of(digit);
        List<double[]> strokes = shapes.get(dice.below(shapes.size())).strokes();
        Warp warp = new Warp(dice);
        double radius = dice.normal(1.22, 0.26, 0.7, 2);
        double[][] ways = new double[strokes.size()][];
        for (int s = 0; s < ways.length; s++) {
            ways[s] = warp.apply(smooth(shake(strokes.get(s), dice)));
        }
        fit(ways, radius, INK_SIDE * dice.uniform(0.94, 1.02));
        Arrays.fill(canvas, 0);
        double ink = dice.normal(1.2, 0.12, 0.85, 1.5);
        for (double[] way : ways) {
            write(way, radius, ink, dice, canvas);
        }
    }

    /** Moves each point a little, but a corner's two points together. */
    private static double[] shake(double[] points, Dice dice) {
        double[] shaken = new double[points.length];
        for (int k = 0; k < points.length; k += 2) {
            boolean corner = k > 0 && points[k] == points[k - 2] && points[k + 1] == points[k - 1];
            shaken[k] = corner ? shaken[k - 2] : points[k] / 100 + dice.normal(0, 0.018, -0.05, 0.05);
            shaken[k + 1] = corner ? shaken[k - 1] : points[k + 1] / 100 + dice.normal(0, 0.018, -0.05, 0.05);
        }
        return shaken;
    }

    /** A Catmull-Rom spline through the points (E. Catmull, R. Rom 1974), as a run of short straight pieces. */
    private static double[] smooth(double[] points) {
        int count = points.length / 2;
        double[] way = new double[2 * ((count - 1) * PIECES_PER_SPAN + 1)];
        int next = 0;
        for (int span = 0; span < count - 1; span++) {
            int before = 2 * Math.max(span - 1, 0);
            int after = 2 * Math.min(span + 2, count - 1);
            for (int piece = 0; piece < PIECES_PER_SPAN; piece++) {
                double t = (double) piece / PIECES_PER_SPAN;
                for (int axis = 0; axis < 2; axis++) {
                    double p0 = points[before + axis];
                    double p1 = points[2 * span + axis];
                    double p2 = points[2 * span + 2 + axis];
                    double p3 = points[after + axis];
                    double quadratic = 2 * p0 - 5 * p1 + 4 * p2 - p3;
                    double cubic = 3 * (p1 - p2) + p3 - p0;
                    way[next++] = p1 + 0.5 * t * (p2 - p0 + t * (quadratic + t * cubic));
                }
            }
        }
        way[next++] = points[2 * count - 2];
        way[next] = points[2 * count - 1];
        return way;
    }

    /**
     * Scales the ways so that their ink's longer side is {@code side} pixels, and moves its centre of mass to the
     * middle.
     */
    private static void fit(double[][] ways, double radius, double side) {
        double extent = 0;
        double[] centre = new double[2];
        for (int axis = 0; axis < 2; axis++) {
            double low = Double.POSITIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            double mass = 0;
            double moment = 0;
            for (double[] way : ways) {
                for (int k = 0; k < way.length; k += 2) {
                    low = Math.min(low, way[k + axis]);
                    high = Math.max(high, way[k + axis]);
                    if (k > 0) {
                        double length = length(way, k);
                        mass += length;
                        moment += length * (way[k + axis] + way[k - 2 + axis]) / 2;
                    }
                }
            }
            extent = Math.max(extent, high - low);
            centre[axis] = moment / mass;
        }
        double scale = (side - 2 * radius) / extent;
        for (double[] way : ways) {
            for (int k = 0; k < way.length; k++) {
                way[k] = MIDDLE + scale * (way[k] - centre[k % 2]);
            }
        }
    }

    /** Draws along a way with a round pen whose radius and ink swell and fade smoothly. */
    private static void write(double[] way, double radius, double ink, Dice dice, float[] canvas) {
        double widthAtStart = dice.normal(1, 0.14, 0.7, 1.35);
        double widthAtMiddle = dice.normal(1.05, 0.1, 0.8, 1.35);
        double widthAtEnd = dice.normal(0.95, 0.16, 0.6, 1.35);
        double inkAtStart = dice.uniform(0.88, 1);
        double inkAtEnd = dice.uniform(0.8, 1);
        for (int k = 2; k < way.length; k += 2) {
            double t = (double) k / way.length;
            double along = (1 - t) * (1 - 2 * t) * widthAtStart
                    + 4 * t * (1 - t) * widthAtMiddle
                    + t * (2 * t - 1) * widthAtEnd;
            double pressure = ink * (inkAtStart + t * (inkAtEnd - inkAtStart));
            dab(way, k, radius * along, pressure, canvas);
        }
    }

    /** Inks the pixels near the piece that ends at {@code k}, by their distance from it. */
    private static void dab(double[] way, int k, double radius, double ink, float[] canvas) {
        double x0 = way[k - 2];
        double y0 = way[k - 1];
        double dx = way[k] - x0;
        double dy = way[k + 1] - y0;
        double squared = dx * dx + dy * dy;
        double reach = radius + SOFTNESS;
        int left = Math.max(0, (int) Math.ceil(Math.min(x0, x0 + dx) - reach));
        int right = Math.min(SIDE - 1, (int) Math.floor(Math.max(x0, x0 + dx) + reach));
        int top = Math.max(0, (int) Math.ceil(Math.min(y0, y0 + dy) - reach));
        int bottom = Math.min(SIDE - 1, (int) Math.floor(Math.max(y0, y0 + dy) + reach));
        for (int y = top; y <= bottom; y++) {
            for (int x = left; x <= right; x++) {
                double t = squared == 0 ? 0 : ((x - x0) * dx + (y - y0) * dy) / squared;
                t = Math.max(0, Math.min(1, t));
                double ex = x - x0 - t * dx;
                double ey = y - y0 - t * dy;
                double depth = (reach - Math.sqrt(ex * ex + ey * ey)) / (2 * SOFTNESS);
                float value = (float) Math.min(1, ink * Math.max(0, Math.min(1, depth)));
                canvas[y * SIDE + x] = Math.max(canvas[y * SIDE + x], value);
            }
        }
    }

    private static double length(double[] way, int k) {
        double dx = way[k] - way[k - 2];
        double dy = way[k + 1] - way[k - 1];
        return Math.sqrt(dx * dx + dy * dy);
    }

    /** An elastic warp (a coarse grid of random shifts, smoothly in between), then proportions, slant and turn. */
    private static final class Warp {
        private static final int GRID = 2;

        private final double[] shifts = new double[2 * (GRID + 1) * (GRID + 1)];
        private final double xx;
        private final double xy;
        private final double yx;
        private final double yy;

        Warp(Dice dice) {
            for (int i = 0; i < shifts.length; i++) {
                shifts[i] = dice.normal(0, 0.07, -0.16, 0.16);
            }
            double width = dice.normal(0.8, 0.16, 0.45, 1.25);
            double slant = dice.normal(0.16, 0.24, -0.4, 0.75);
            double turn = dice.normal(0, 0.1, -0.28, 0.28);
            double cos = StrictMath.cos(turn);
            double sin = StrictMath.sin(turn);
            xx = cos * width;
            xy = -cos * slant - sin;
            yx = sin * width;
            yy = cos - sin * slant;
        }

        double[] apply(double[] way) {
            double[] warped = new double[way.length];
            for (int k = 0; k < way.length; k += 2) {
                double x = way[k] + shift(way[k], way[k + 1], 0);
                double y = way[k + 1] + shift(way[k], way[k + 1], 1);
                warped[k] = xx * x + xy * y;
                warped[k + 1] = yx * x + yy * y;
            }
            return warped;
        }

        private double shift(double x, double y, int axis) {
            int column = Math.max(0, Math.min(GRID - 1, (int) (GRID * x)));
            int row = Math.max(0, Math.min(GRID - 1, (int) (GRID * y)));
            double u = ease(GRID * x - column);
            double v = ease(GRID * y - row);
            int corner = 2 * (row * (GRID + 1) + column) + axis;
            int below = corner + 2 * (GRID + 1);
            double upper = shifts[corner] + u * (shifts[corner + 2] - shifts[corner]);
            double lower = shifts[below] + u * (shifts[below + 2] - shifts[below]);
            return upper + v * (lower - upper);
        }

        private static double ease(double t) {
            double s = Math.max(0, Math.min(1, t));
            return s * s * (3 - 2 * s);
        }
    }

    /** SplitMix64 (Steele, Lea, Flood 2014): each image has a stream of its own. */
    private static final class Dice {
        private static final long STEP = 0x9e37_79b9_7f4a_7c15L;

        private long state;

        Dice(long seed, int image) {
            state = seed;
            state = next() + image;
            state = next();
        }

        private long next() {
            state += STEP;
            long z = state;
            z = (z ^ (z >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
            z = (z ^ (z >>> 27)) * 0x94d0_49bb_1331_11ebL;
            return z ^ (z >>> 31);
        }

        /** In [0, 1), 53 bits. */
        private double unit() {
            return (next() >>> 11) * 0x1p-53;
        }

        int below(int bound) {
            return (int) (unit() * bound);
        }

        double uniform(double low, double high) {
            return low + unit() * (high - low);
        }

        /** Nearly normal (a sum of four uniform numbers), cut to [low, high]. */
        double normal(double mean, double std, double low, double high) {
            double sum = unit() + unit() + unit() + unit() - 2;
            // The sum's variance is 4/12.
            return Math.max(low, Math.min(high, mean + std * sum * 1.7320508075688772));
        }
    }
}
