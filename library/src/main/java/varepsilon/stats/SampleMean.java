package varepsilon.stats;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * The mean of values measured independently of each other, such as one a seed.
 *
 * @param n how many, at least 2
 * @param mean the mean
 * @param std their standard deviation, by n − 1
 */
public record SampleMean(int n, double mean, double std) {
    private static final double CONFIDENCE = 0.95;

    /**
     * The mean of at least two values.
     *
     * @throws IllegalArgumentException where there are fewer, which have no spread
     */
    public static SampleMean of(double[] values) {
        if (values.length < 2) {
            throw new IllegalArgumentException(values.length + " values: expected at least 2");
        }
        double mean = Arrays.stream(values).average().orElseThrow();
        double squares = Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .sum();
        return new SampleMean(values.length, mean, Math.sqrt(squares / (values.length - 1)));
    }

    /** The mean of the differences of pairs. */
    public static SampleMean ofDifferences(double[] first, double[] second) {
        if (first.length != second.length) {
            throw new IllegalArgumentException(first.length + " and " + second.length + " values: expected pairs");
        }
        return of(IntStream.range(0, first.length)
                .mapToDouble(i -> first[i] - second[i])
                .toArray());
    }

    /** Standard error of the mean. */
    public double standardError() {
        return std / Math.sqrt(n);
    }

    /** The mean with Student's 95 % interval. */
    public Interval interval() {
        double half = standardError() * TDistribution.of(n - 1).inverseCumulativeProbability((1 + CONFIDENCE) / 2);
        return new Interval(mean, mean - half, mean + half);
    }
}
