package varepsilon.stats;

import java.util.Arrays;

/** Quantiles of measured values, linear between neighbours, the smallest at 0 and the largest at 1, as in most software. */
public final class Quantiles {
    private final double[] sorted;

    /**
     * The quantiles of these values.
     *
     * @throws IllegalArgumentException where there is none
     */
    public Quantiles(double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("no values: expected at least 1");
        }
        sorted = values.clone();
        Arrays.sort(sorted);
    }

    /** The value below which a share of the values lies, from 0 to 1. */
    public double at(double share) {
        double place = share * (sorted.length - 1);
        int below = (int) place;
        double rest = place - below;
        // An infinite value counts only where it has a part in the mean, since 0 · ∞ is not a number.
        return rest == 0 ? sorted[below] : (1 - rest) * sorted[below] + rest * sorted[below + 1];
    }

    /** Half of the values are below. */
    public double median() {
        return at(0.5);
    }
}
