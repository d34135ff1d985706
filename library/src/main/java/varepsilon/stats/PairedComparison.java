package varepsilon.stats;

/**
 * Two models, or two attacks on one, compared on the same examples.
 *
 * @param bothCorrect examples that both classify correctly
 * @param onlyFirst examples that the first alone classifies correctly
 * @param onlySecond examples that the second alone classifies correctly
 * @param bothWrong examples that neither classifies correctly
 */
public record PairedComparison(int bothCorrect, int onlyFirst, int onlySecond, int bothWrong) {
    /** Rejects negative counts, and no examples at all. */
    public PairedComparison {
        if (bothCorrect < 0 || onlyFirst < 0 || onlySecond < 0 || bothWrong < 0) {
            throw new IllegalArgumentException("counts " + bothCorrect + ", " + onlyFirst + ", " + onlySecond + ", "
                    + bothWrong + ": expected at least 0");
        }
        if (bothCorrect + onlyFirst + onlySecond + bothWrong < 1) {
            throw new IllegalArgumentException("no examples to compare on");
        }
    }

    /**
     * Counts.
     *
     * @param first by example, whether the first classifies it correctly
     * @param second the same of the second, on the same examples
     */
    public static PairedComparison of(boolean[] first, boolean[] second) {
        if (first.length != second.length) {
            throw new IllegalArgumentException(
                    first.length + " and " + second.length + " examples: expected the same ones for both");
        }
        int[] counts = new int[4];
        for (int i = 0; i < first.length; i++) {
            counts[(first[i] ? 0 : 2) + (second[i] ? 0 : 1)]++;
        }
        return new PairedComparison(counts[0], counts[1], counts[2], counts[3]);
    }

    /** The number of examples. */
    public int n() {
        return bothCorrect + onlyFirst + onlySecond + bothWrong;
    }

    /** Accuracy of the first. */
    public Accuracy first() {
        return new Accuracy(bothCorrect + onlyFirst, n());
    }

    /** Accuracy of the second. */
    public Accuracy second() {
        return new Accuracy(bothCorrect + onlySecond, n());
    }

    /** Accuracy of the first less that of the second: from −1 to 1. */
    public double difference() {
        return (double) (onlyFirst - onlySecond) / n();
    }

    /**
     * The difference with its 95 % interval: the Wilson intervals of both accuracies, combined by how far the two are
     * correct together (Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions
     * based on paired data", method 10).
     */
    public Interval interval() {
        Interval first = first().interval();
        Interval second = second().interval();
        double phi = correlation();
        return new Interval(
                difference(),
                Math.max(-1, difference() - hypotenuse(first.below(), second.above(), phi)),
                Math.min(1, difference() + hypotenuse(first.above(), second.below(), phi)));
    }

    /**
     * Whether the two differ (McNemar 1947): the two-sided p-value of the exact test. Under the null hypothesis of
     * equal accuracy, each is the correct one on half of the examples that one alone classifies correctly. The exact
     * test is valid for small numbers of such examples.
     */
    public double pValue() {
        return ExactBinomial.pValue(onlyFirst, onlySecond);
    }

    private static double hypotenuse(double a, double b, double phi) {
        // Written as a sum that rounding cannot turn negative: |φ| is at most 1.
        return Math.sqrt((a - b) * (a - b) + 2 * (1 - phi) * a * b);
    }

    /** φ of the two-by-two table, drawn towards 0 by half an example where it is positive. */
    private double correlation() {
        double n = n();
        double correct1 = first().correct();
        double correct2 = second().correct();
        double margins = correct1 * (n - correct1) * correct2 * (n - correct2);
        if (margins == 0) {
            return 0;
        }
        double product = (double) bothCorrect * bothWrong - (double) onlyFirst * onlySecond;
        double corrected = product > 0 ? Math.max(product - n / 2, 0) : product;
        return corrected / Math.sqrt(margins);
    }
}
