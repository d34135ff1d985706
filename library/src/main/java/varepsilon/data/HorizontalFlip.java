package varepsilon.data;

import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;

/**
 * Swaps left and right of each image with a given probability.
 *
 * @param probability of a swap, from 0 to 1
 */
public record HorizontalFlip(double probability) implements Augmentation {
    /** @throws IllegalArgumentException for a number that is no probability */
    public HorizontalFlip {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("flip probability " + probability + ": expected 0 to 1");
        }
    }

    @Override
    public Batch apply(Batch batch, Rng rng) {
        byte[] bytes = batch.bytes();
        int width = (int) batch.images().size(3);
        int dimensions = bytes.length / batch.size();
        double[] drawn = draw(batch.size(), rng);
        for (int n = 0; n < batch.size(); n++) {
            if (drawn[n] < probability) {
                for (int row = n * dimensions; row < (n + 1) * dimensions; row += width) {
                    reverse(bytes, row, row + width);
                }
            }
        }
        return batch.withBytes(bytes);
    }

    private static void reverse(byte[] bytes, int from, int to) {
        for (int left = from, right = to - 1; left < right; left++, right--) {
            byte kept = bytes[left];
            bytes[left] = bytes[right];
            bytes[right] = kept;
        }
    }

    /** A number in [0, 1) for each image. */
    private static double[] draw(int size, Rng rng) {
        try (Scope scope = Scope.withoutGradients()) {
            return rng.uniform(DType.FLOAT64, size).toDoubles();
        }
    }
}
