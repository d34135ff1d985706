package varepsilon.train;

/**
 * The validation metric by which the best weights are chosen, and which way is better.
 *
 * @param metric its name among the {@link EpochResult#validation()} values, such as {@code bpd}
 * @param direction which values are better
 */
public record Monitor(String metric, Direction direction) {
    /** Which values of a metric are better. */
    public enum Direction {
        /** Smaller ones: a loss, bits per dimension. */
        SMALLEST,
        /** Larger ones: an accuracy. */
        LARGEST
    }

    /** The smaller the better. */
    public static Monitor smallest(String metric) {
        return new Monitor(metric, Direction.SMALLEST);
    }

    /** The larger the better. */
    public static Monitor largest(String metric) {
        return new Monitor(metric, Direction.LARGEST);
    }

    /**
     * The metric after an epoch.
     *
     * @throws IllegalArgumentException where it was not measured
     */
    public double value(EpochResult result) {
        return result.validation(metric);
    }

    /** Whether the first is strictly better; every number is better than NaN. */
    public boolean isBetter(double value, double than) {
        if (Double.isNaN(value) || Double.isNaN(than)) {
            return !Double.isNaN(value);
        }
        return direction == Direction.SMALLEST ? value < than : value > than;
    }
}
