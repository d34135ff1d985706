package varepsilon.stats;

import java.util.List;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * A measured value and an interval that covers what it estimates in 95 % of cases.
 *
 * @param value the estimate
 * @param low lower bound
 * @param high upper bound
 */
public record Interval(double value, double low, double high) {
    private static final double Z = NormalDistribution.of(0, 1).inverseCumulativeProbability(0.975);

    /**
     * The share of {@code count} among {@code n}, with the interval of Wilson 1927. Unlike the textbook's p ± 1.96
     * standard errors it stays within [0, 1] and does not shrink to a point at 0 or 1.
     *
     * @throws IllegalArgumentException where n is below 1 or the count is not within 0 … n
     */
    public static Interval ofShare(int count, int n) {
        if (n < 1 || count < 0 || count > n) {
            throw new IllegalArgumentException(count + " of " + n + ": expected 0 to n, and n at least 1");
        }
        double p = (double) count / n;
        double zSquared = Z * Z;
        double scale = 1 + zSquared / n;
        double centre = (p + zSquared / (2.0 * n)) / scale;
        double half = Z * Math.sqrt(p * (1 - p) / n + zSquared / (4.0 * n * n)) / scale;
        // At the ends the bound is exactly 0 or 1; rounding would miss it by an ulp.
        return new Interval(
                p, count == 0 ? 0 : Math.max(0, centre - half), count == n ? 1 : Math.min(1, centre + half));
    }

    /** The interval of the negated value. */
    public Interval negated() {
        return new Interval(-value, -high, -low);
    }

    /** The lower bound, then the upper one. */
    public List<Double> bounds() {
        return List.of(low, high);
    }

    /** How far the lower bound lies below the value. */
    double below() {
        return value - low;
    }

    /** How far the upper bound lies above it. */
    double above() {
        return high - value;
    }
}
