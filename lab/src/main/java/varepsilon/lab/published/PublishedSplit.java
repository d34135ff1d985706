package varepsilon.lab.published;

import varepsilon.data.ImageSet;
import varepsilon.data.Splits;

/**
 * The test images of the published robustness experiment in two parts: it trained on all training images, and drew both
 * its validation and its test images from the test part. It drew without a seed, another quarter for each figure; here
 * equal seeds give equal quarters. (For figures that can be checked without this program, use the first 2,500: {@link
 * ImageSet#limit}.)
 *
 * @param validation for choices during training
 * @param test for the figure at the end
 */
record PublishedSplit(ImageSet validation, ImageSet test) {
    /** The share of the test images used for validation: of CIFAR-10's 10,000, 7,500. */
    static final double VALIDATION_RATIO = 0.75;

    /**
     * The split.
     *
     * @param test the published test part
     * @param validationRatio the share of it that is for validation, rounded to whole images
     * @throws IllegalArgumentException for a ratio that leaves one of the two empty
     */
    static PublishedSplit of(ImageSet test, double validationRatio, long seed) {
        long validation = Math.round(test.size() * validationRatio);
        if (!(validation >= 1 && validation < test.size())) {
            throw new IllegalArgumentException("validation ratio " + validationRatio + " of " + test.size()
                    + " images: expected at least one image for validation and one for testing");
        }
        int[][] parts = Splits.random(test.size(), new int[] {(int) validation, test.size() - (int) validation}, seed);
        return new PublishedSplit(test.subset(parts[0]), test.subset(parts[1]));
    }
}
