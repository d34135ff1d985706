package varepsilon.data;

import java.util.Arrays;
import java.util.stream.IntStream;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;

/** Parts of a data set drawn by seed, for instance the 54,000 training and 6,000 validation images of MNIST. */
public final class Splits {
    private static final int TEST_EVERY = 5;

    private Splits() {}

    /** The parts of n images that come without a test part: every fifth, from the fifth on, is for testing. */
    static int[] everyFifth(int n, Split split) {
        return IntStream.range(0, n)
                .filter(i -> (i % TEST_EVERY == TEST_EVERY - 1) == (split == Split.TEST))
                .toArray();
    }

    /**
     * Partitions 0 … n − 1 at random.
     *
     * @param sizes of the parts; their sum is n
     * @param seed equal seeds give equal parts
     * @return one array of indices for each size, in random order
     * @throws IllegalArgumentException for n below 1, a negative size, or sizes whose sum is not n
     */
    public static int[][] random(int n, int[] sizes, long seed) {
        if (n < 1) {
            throw new IllegalArgumentException("n " + n + ": expected 1 or more images to split");
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
}
