package varepsilon.generative;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;

/** What statistical checks need: moments, a test of frequencies, an integral. */
final class Statistics {
    private Statistics() {}

    static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    /** The standard error of the mean of independent values. */
    static double standardError(double[] values) {
        double mean = mean(values);
        double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
        return Math.sqrt(squares / (values.length - 1.0) / values.length);
    }

    /** Pearson's χ² of counts against probabilities, over the value that one in 16,000 right samplers exceeds (4 σ). */
    static double chiSquareOverLimit(long[] counts, double[] probabilities) {
        double total = Arrays.stream(counts).sum();
        double chiSquare = 0;
        for (int i = 0; i < counts.length; i++) {
            double expected = total * probabilities[i];
            chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
        }
        return chiSquare / ChiSquaredDistribution.of(counts.length - 1.0).inverseSurvivalProbability(1 / 16_000.0);
    }

    /** The same, with everything of an expected count below 5 counted as one. */
    static double chiSquareOverLimitOfLikely(long[] counts, double[] probabilities) {
        double total = Arrays.stream(counts).sum();
        int[] likely = IntStream.range(0, counts.length)
                .filter(i -> total * probabilities[i] >= 5)
                .toArray();
        long[] countsOfLikely = new long[likely.length + 1];
        double[] probabilitiesOfLikely = new double[likely.length + 1];
        for (int i = 0; i < likely.length; i++) {
            countsOfLikely[i] = counts[likely[i]];
            probabilitiesOfLikely[i] = probabilities[likely[i]];
        }
        countsOfLikely[likely.length] =
                (long) total - Arrays.stream(countsOfLikely).sum();
        probabilitiesOfLikely[likely.length] =
                Math.max(1e-9, 1 - Arrays.stream(probabilitiesOfLikely).sum());
        return chiSquareOverLimit(countsOfLikely, probabilitiesOfLikely);
    }

    /** ∫ f over [low, high] by Simpson's rule in 20,000 pieces. */
    static double integral(DoubleUnaryOperator f, double low, double high) {
        int pieces = 20_000;
        double step = (high - low) / pieces;
        double sum = f.applyAsDouble(low) + f.applyAsDouble(high);
        for (int i = 1; i < pieces; i++) {
            sum += (i % 2 == 1 ? 4 : 2) * f.applyAsDouble(low + i * step);
        }
        return sum * step / 3;
    }

    /** log N(x; mean, std²). */
    static double logNormal(double x, double mean, double std) {
        double standardised = (x - mean) / std;
        return -0.5 * standardised * standardised - Math.log(std) - 0.5 * Math.log(2 * Math.PI);
    }
}
