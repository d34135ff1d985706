package varepsilon.stats;

import org.apache.commons.statistics.distribution.BinomialDistribution;

/**
 * Whether two models differ in accuracy, from what they say of the same examples (McNemar 1947). Examples on which they
 * agree say nothing; of those on which one alone is right, half would go to each if the models were equally good. Exact,
 * so that few such examples are enough.
 */
public final class McNemar {
    private McNemar() {}

    /**
     * The two-sided p-value: how probable so uneven a split is between models that are equally good.
     *
     * @param onlyFirst examples that the first model alone gets right, at least 0
     * @param onlySecond examples that the second alone gets right, at least 0
     */
    public static double pValue(int onlyFirst, int onlySecond) {
        if (onlyFirst < 0 || onlySecond < 0) {
            throw new IllegalArgumentException(onlyFirst + " and " + onlySecond + ": expected counts of at least 0");
        }
        BinomialDistribution split = BinomialDistribution.of(Math.addExact(onlyFirst, onlySecond), 0.5);
        return Math.min(1, 2 * split.cumulativeProbability(Math.min(onlyFirst, onlySecond)));
    }
}
