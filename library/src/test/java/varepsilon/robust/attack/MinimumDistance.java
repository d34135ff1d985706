package varepsilon.robust.attack;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The distance of an image from the region of another class of an affine model, in plain double precision: per class
 * the smallest δ in the box with ⟨w, δ⟩ ≥ rise, of classes the least. No step of it is shared with the library.
 */
final class MinimumDistance {
    private MinimumDistance() {}

    /**
     * Over all classes but the label.
     *
     * @param weights K×D
     * @param bias K
     */
    static double of(String norm, double[][] weights, double[] bias, int label, double[] x) {
        double least = Double.POSITIVE_INFINITY;
        for (int k = 0; k < weights.length; k++) {
            if (k != label) {
                double[] w = new double[x.length];
                double rise = bias[label] - bias[k];
                for (int j = 0; j < x.length; j++) {
                    w[j] = weights[k][j] - weights[label][j];
                    rise -= w[j] * x[j];
                }
                least = Math.min(least, toHyperplane(norm, w, rise, x));
            }
        }
        return least;
    }

    private static double toHyperplane(String norm, double[] w, double rise, double[] x) {
        double[] slope = Arrays.stream(w).map(Math::abs).toArray();
        double[] room = new double[w.length];
        Arrays.setAll(room, j -> w[j] > 0 ? 1 - x[j] : x[j]);
        double most = IntStream.range(0, w.length)
                .mapToDouble(j -> slope[j] * room[j])
                .sum();
        if (rise <= 0 || most < rise) {
            return rise <= 0 ? 0 : Double.POSITIVE_INFINITY;
        }
        return switch (norm) {
            case "linf" -> root(t -> gain(slope, room, t, false), rise);
            case "l2" -> {
                double t = root(s -> gain(slope, room, s, true), rise);
                double square = 0;
                for (int j = 0; j < w.length; j++) {
                    double d = Math.min(t * slope[j], room[j]);
                    square += d * d;
                }
                yield Math.sqrt(square);
            }
            case "l1" -> spent(slope, room, rise);
            default -> count(slope, room, rise);
        };
    }

    private static double gain(double[] slope, double[] room, double t, boolean steeperMore) {
        double sum = 0;
        for (int j = 0; j < slope.length; j++) {
            sum += slope[j] * Math.min(steeperMore ? t * slope[j] : t, room[j]);
        }
        return sum;
    }

    private interface Increasing {
        double at(double t);
    }

    private static double root(Increasing function, double value) {
        double low = 0;
        double high = 1;
        while (function.at(high) < value && high < 1e12) {
            high *= 2;
        }
        for (int i = 0; i < 200; i++) {
            double middle = (low + high) / 2;
            if (function.at(middle) < value) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    /** The steepest values first, each as far as it goes. */
    private static double spent(double[] slope, double[] room, double rise) {
        int[] order = order(slope);
        double left = rise;
        double sum = 0;
        for (int j : order) {
            double d = Math.min(room[j], left / slope[j]);
            sum += d;
            left -= d * slope[j];
            if (left <= 1e-15) {
                break;
            }
        }
        return sum;
    }

    private static double count(double[] slope, double[] room, double rise) {
        double[] gains = new double[slope.length];
        Arrays.setAll(gains, j -> slope[j] * room[j]);
        double left = rise;
        int count = 0;
        for (int j : order(gains)) {
            left -= gains[j];
            count++;
            if (left <= 0) {
                break;
            }
        }
        return count;
    }

    private static int[] order(double[] values) {
        return IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(j -> -values[j]))
                .mapToInt(j -> j)
                .toArray();
    }
}
