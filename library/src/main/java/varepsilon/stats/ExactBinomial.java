package varepsilon.stats;

import org.apache.commons.statistics.distribution.BetaDistribution;
import org.apache.commons.statistics.distribution.BinomialDistribution;

/** Exact statements about the probability behind a count. */
public final class ExactBinomial {
    private ExactBinomial() {}

    /**
     * The lower bound of Clopper and Pearson 1934 on the probability behind {@code count} of {@code n}: the p at which
     * as many or more are expected with probability α, the α-quantile of Beta(count, n − count + 1). It lies above the
     * true probability with at most probability α, whatever that is and however few are counted.
     *
     * @param alpha in (0, 1)
     * @throws IllegalArgumentException where n is below 1, the count is not within 0 … n, or α is not within (0, 1)
     */
    public static double lowerBound(int count, int n, double alpha) {
        if (n < 1 || count < 0 || count > n) {
            throw new IllegalArgumentException(count + " of " + n + ": expected 0 to n, and n at least 1");
        }
        if (!(alpha > 0 && alpha < 1)) {
            throw new IllegalArgumentException("α " + alpha + ": expected a number between 0 and 1, without the ends");
        }
        return count == 0 ? 0 : BetaDistribution.of(count, n - count + 1.0).inverseCumulativeProbability(alpha);
    }

    /**
     * Whether two outcomes differ in probability: the two-sided p-value of the exact test that each is as probable as
     * the other.
     *
     * @param first how often the one occurred
     * @param second how often the other occurred
     * @throws IllegalArgumentException where a count is below 0
     * @throws ArithmeticException where there are more than 2³¹ − 1 together
     */
    public static double pValue(int first, int second) {
        if (first < 0 || second < 0) {
            throw new IllegalArgumentException(first + " and " + second + ": expected counts of at least 0");
        }
        BinomialDistribution equal = BinomialDistribution.of(Math.addExact(first, second), 0.5);
        return Math.min(1, 2 * equal.cumulativeProbability(Math.min(first, second)));
    }
}
