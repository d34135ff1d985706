package varepsilon.data;

import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;

/**
 * Shifts each image by a random number of rows and columns, from −padding to +padding, all equally likely; zeros come
 * in at the border. The same as to pad each image with zeros on four sides and to cut out a random piece of its old
 * size.
 *
 * @param padding the largest shift, in pixels
 */
public record RandomCrop(int padding) implements Augmentation {
    /** @throws IllegalArgumentException for a negative padding */
    public RandomCrop {
        if (padding < 0) {
            throw new IllegalArgumentException("padding " + padding + ": expected 0 or more pixels");
        }
    }

    /** @throws IllegalArgumentException for images that the largest shift would empty */
    @Override
    public Batch apply(Batch batch, Rng rng) {
        int channels = (int) batch.images().size(1);
        int height = (int) batch.images().size(2);
        int width = (int) batch.images().size(3);
        if (padding >= height || padding >= width) {
            throw new IllegalArgumentException("padding " + padding + " for images of " + height + "×" + width
                    + " pixels: expected less than a side");
        }
        byte[] source = batch.bytes();
        byte[] target = new byte[source.length];
        double[] drawn = draw(batch.size(), rng);
        int shifts = 2 * padding + 1;
        for (int n = 0; n < batch.size(); n++) {
            int down = (int) (drawn[2 * n] * shifts) - padding;
            int right = (int) (drawn[2 * n + 1] * shifts) - padding;
            for (int c = 0; c < channels; c++) {
                int plane = (n * channels + c) * height;
                for (int y = Math.max(0, down); y < height + Math.min(0, down); y++) {
                    System.arraycopy(
                            source,
                            (plane + y - down) * width + Math.max(0, -right),
                            target,
                            (plane + y) * width + Math.max(0, right),
                            width - Math.abs(right));
                }
            }
        }
        return batch.withBytes(target);
    }

    /** Two numbers in [0, 1) for each image. */
    private static double[] draw(int size, Rng rng) {
        try (Scope scope = Scope.withoutGradients()) {
            return rng.uniform(DType.FLOAT64, size, 2).toDoubles();
        }
    }
}
