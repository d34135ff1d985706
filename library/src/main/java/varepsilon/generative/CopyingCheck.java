package varepsilon.generative;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.Arrays;
import varepsilon.stats.Quantiles;

/**
 * Whether a model copies its training images: how far its samples are from their nearest training images, beside how
 * far test images are from theirs (Meehan, Chaudhuri, Dasgupta 2020). Distances of blurred pictures are smaller for
 * another reason: compare samples that are as sharp as the images.
 *
 * @param samples distances of samples to their nearest training image
 * @param test the same of test images
 * @param shareNearer the probability that a sample is nearer to the training images than a test image is, ties counted
 *     half: about ½ where samples are like test images, near 1 where they are copies, near 0 where they are unlike any
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record CopyingCheck(Distances samples, Distances test, double shareNearer) {
    /**
     * Quantiles of distances, in pixels of [0, 1].
     *
     * @param n how many
     * @param least the smallest
     * @param percent1 1 % are below
     * @param percent10 10 % are below
     * @param median half are below
     * @param percent90 90 % are below
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Distances(int n, double least, double percent1, double percent10, double median, double percent90) {
        /** Of at least one distance; between two of them a quantile is interpolated. */
        public static Distances of(double[] distances) {
            Quantiles quantiles = new Quantiles(distances);
            return new Distances(
                    distances.length,
                    quantiles.at(0),
                    quantiles.at(0.01),
                    quantiles.at(0.1),
                    quantiles.median(),
                    quantiles.at(0.9));
        }
    }

    /**
     * Compares two sets' distances to their nearest training images.
     *
     * @param samples by sample, at least one
     * @param test by test image, at least one
     */
    public static CopyingCheck of(double[] samples, double[] test) {
        return new CopyingCheck(Distances.of(samples), Distances.of(test), shareNearer(samples, test));
    }

    /** The Mann–Whitney statistic over the number of pairs. */
    private static double shareNearer(double[] samples, double[] test) {
        double[] sorted = test.clone();
        Arrays.sort(sorted);
        double pairs = 0;
        for (double sample : samples) {
            int farther = sorted.length - countBelow(sorted, Math.nextUp(sample));
            int notNearer = sorted.length - countBelow(sorted, sample);
            pairs += (farther + notNearer) / 2.0;
        }
        return pairs / ((double) samples.length * test.length);
    }

    private static int countBelow(double[] sorted, double limit) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < limit) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
