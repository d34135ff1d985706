package varepsilon.stats;

import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.TrialReport;

/**
 * Two models, or two attacks on one, compared on the same examples.
 *
 * @param bothRight examples that both get right
 * @param onlyFirst examples that the first alone gets right
 * @param onlySecond examples that the second alone gets right
 * @param bothWrong examples that neither gets right
 */
public record PairedComparison(int bothRight, int onlyFirst, int onlySecond, int bothWrong) {
    /** Refuses negative counts, and no examples at all. */
    public PairedComparison {
        if (bothRight < 0 || onlyFirst < 0 || onlySecond < 0 || bothWrong < 0) {
            throw new IllegalArgumentException("counts " + bothRight + ", " + onlyFirst + ", " + onlySecond + ", "
                    + bothWrong + ": expected at least 0");
        }
        if (bothRight + onlyFirst + onlySecond + bothWrong < 1) {
            throw new IllegalArgumentException("no examples to compare on");
        }
    }

    /**
     * Counts.
     *
     * @param first by example, whether the first is right: {@link RobustnessReport#right} or {@link
     *     RobustnessReport#worstCase}, or {@link TrialReport#robust}
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
        return bothRight + onlyFirst + onlySecond + bothWrong;
    }

    /** Accuracy of the first. */
    public Accuracy first() {
        return new Accuracy(bothRight + onlyFirst, n());
    }

    /** Accuracy of the second. */
    public Accuracy second() {
        return new Accuracy(bothRight + onlySecond, n());
    }

    /** How much more of the examples the first gets right: from −1 to 1. */
    public double difference() {
        return (double) (onlyFirst - onlySecond) / n();
    }

    /** 95 % interval of the difference. */
    public DifferenceInterval interval() {
        return DifferenceInterval.of(this);
    }

    /** Exact two-sided p-value of {@link McNemar}. */
    public double pValue() {
        return McNemar.pValue(onlyFirst, onlySecond);
    }
}
