package varepsilon.data;

import java.util.Arrays;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;

/** Parts of a data set drawn by seed, for instance the 54,000 training and 6,000 validation images of MNIST. */
public final class Splits {
    /** The share of CIFAR-10's test images that the published robustness experiment validated with. */
    public static final double PUBLISHED_VALIDATION_RATIO = 0.75;

    /**
     * A published test part in two.
     *
     * @param validation for choices that are made while training
     * @param test for the figure at the end
     */
    public record TestInTwo(ImageSet validation, ImageSet test) {}

    private Splits() {}

    /**
     * Deals 0 … n − 1 out at random into parts that share nothing and leave nothing over.
     *
     * @param sizes of the parts; their sum is n
     * @param seed equal seeds give equal parts
     * @return one array of indices for each size, in random order
     * @throws IllegalArgumentException for n below 1, a negative size, or sizes whose sum is not n
     */
    public static int[][] random(int n, int[] sizes, long seed) {
        if (n < 1) {
            throw new IllegalArgumentException("n " + n + ": expected 1 or more images to deal out");
        }
        long sum = 0;
        for (int size : sizes) {
            if (size < 0) {
                throw new IllegalArgumentException("a part of " + size + " images in " + Arrays.toString(sizes));
            }
            sum += size;
        }
        if (sum != n) {
            throw new IllegalArgumentException("parts of " + Arrays.toString(sizes) + " images do not add up to " + n);
        }
        int[] order;
        try (Rng stream = Seed.of(seed).split("split").stream()) {
            order = stream.permutation(n);
        }
        int[][] parts = new int[sizes.length][];
        int start = 0;
        for (int p = 0; p < sizes.length; p++) {
            parts[p] = Arrays.copyOfRange(order, start, start + sizes[p]);
            start += sizes[p];
        }
        return parts;
    }

    /**
     * The split of the published robustness experiment: all training images are trained on, and validation and test
     * images are both drawn from the test part. With {@link #PUBLISHED_VALIDATION_RATIO}, CIFAR-10 has 50,000 / 7,500 /
     * 2,500 images. The experiment drew without a seed, another quarter for each of its figures; here equal seeds give
     * equal quarters. (A figure that anyone can check without this program takes the first 2,500:
     * {@link ImageSet#limit}.)
     *
     * @param test the published test part
     * @param validationRatio the share of it that is for validation, rounded to whole images
     * @throws IllegalArgumentException for a ratio that leaves nothing for one of the two
     */
    public static TestInTwo testInTwo(ImageSet test, double validationRatio, long seed) {
        long validation = Math.round(test.size() * validationRatio);
        if (!(validation >= 1 && validation < test.size())) {
            throw new IllegalArgumentException("validation ratio " + validationRatio + " of " + test.size()
                    + " images: expected at least one image for validation and one for testing");
        }
        int[][] parts = random(test.size(), new int[] {(int) validation, test.size() - (int) validation}, seed);
        return new TestInTwo(test.subset(parts[0]), test.subset(parts[1]));
    }
}
