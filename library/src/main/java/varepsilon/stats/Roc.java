package varepsilon.stats;

import java.util.Arrays;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * How well a score tells positives from negatives: the receiver operating characteristic.
 *
 * @param negatives scores of the negatives, in ascending order
 * @param positives scores of the positives, in ascending order; larger is more likely positive
 */
public record Roc(double[] negatives, double[] positives) {
    private static final double Z = NormalDistribution.of(0, 1).inverseCumulativeProbability(0.975);

    /** Sorts copies, and rejects fewer than two of either and scores that are not numbers. */
    public Roc {
        negatives = negatives.clone();
        positives = positives.clone();
        if (negatives.length < 2 || positives.length < 2) {
            throw new IllegalArgumentException(negatives.length + " negatives and " + positives.length
                    + " positives: expected at least 2 of each");
        }
        Arrays.sort(negatives);
        Arrays.sort(positives);
        if (Double.isNaN(negatives[negatives.length - 1]) || Double.isNaN(positives[positives.length - 1])) {
            throw new IllegalArgumentException("a score is not a number");
        }
    }

    /**
     * The area under the curve, which is the probability that a positive has the larger score (ties count half), with
     * the 95 % interval of DeLong, DeLong, Clarke-Pearson 1988.
     */
    public Interval area() {
        double[] ofPositives = new double[positives.length];
        for (int i = 0; i < positives.length; i++) {
            ofPositives[i] = shareBelow(negatives, positives[i]);
        }
        double[] ofNegatives = new double[negatives.length];
        for (int i = 0; i < negatives.length; i++) {
            ofNegatives[i] = 1 - shareBelow(positives, negatives[i]);
        }
        SampleMean area = SampleMean.of(ofPositives);
        double error =
                Math.hypot(area.standardError(), SampleMean.of(ofNegatives).standardError());
        return new Interval(area.mean(), Math.max(0, area.mean() - Z * error), Math.min(1, area.mean() + Z * error));
    }

    /** The share of sorted values that are below x, those equal to it by half. */
    private static double shareBelow(double[] sorted, double x) {
        return (countBelow(sorted, x) + countBelow(sorted, Math.nextUp(x))) / (2.0 * sorted.length);
    }

    private static int countBelow(double[] sorted, double x) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < x) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * The share of the positives above a threshold that at most a share of the negatives exceeds, with Wilson's
     * interval for the positives; the threshold is taken as given.
     *
     * @param falsePositives the largest share of negatives above the threshold, in [0, 1)
     */
    public Interval truePositives(double falsePositives) {
        int allowed = (int) Math.floor(falsePositives * negatives.length);
        double threshold = negatives[negatives.length - 1 - allowed];
        int above = positives.length - countBelow(positives, Math.nextUp(threshold));
        return Interval.ofShare(above, positives.length);
    }
}
