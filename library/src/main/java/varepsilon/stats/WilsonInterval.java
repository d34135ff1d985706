package varepsilon.stats;

import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * An interval that covers an unknown proportion in 95 % of cases (Wilson 1927). Unlike the textbook's p ± 1.96 standard
 * errors it stays within [0, 1] and does not shrink to a point at 0 or 1.
 *
 * @param low lower bound, in [0, 1]
 * @param high upper bound, in [0, 1]
 */
public record WilsonInterval(double low, double high) {
    private static final double Z = NormalDistribution.of(0, 1).inverseCumulativeProbability(0.975);

    /**
     * The interval for {@code count} hits among {@code n}.
     *
     * @throws IllegalArgumentException where n is below 1 or the count is not within 0 … n
     */
    public static WilsonInterval of(int count, int n) {
        if (n < 1 || count < 0 || count > n) {
            throw new IllegalArgumentException(count + " of " + n + ": expected 0 to n, and n at least 1");
        }
        double p = (double) count / n;
        double zSquared = Z * Z;
        double scale = 1 + zSquared / n;
        double centre = (p + zSquared / (2.0 * n)) / scale;
        double half = Z * Math.sqrt(p * (1 - p) / n + zSquared / (4.0 * n * n)) / scale;
        // At the ends the bound is exactly 0 or 1; rounding would miss it by an ulp.
        return new WilsonInterval(
                count == 0 ? 0 : Math.max(0, centre - half), count == n ? 1 : Math.min(1, centre + half));
    }
}
