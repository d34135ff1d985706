package varepsilon.data;

import varepsilon.tensor.Rng;

/**
 * Random label-preserving changes of training images, for a whole batch at once, independent for each image. All random
 * numbers come from the given stream: equal streams give equal bytes.
 *
 * <pre>{@code
 * Augmentation usual = new RandomCrop(4).then(new HorizontalFlip(0.5));
 * }</pre>
 */
@FunctionalInterface
public interface Augmentation {
    /**
     * The batch with its images changed; labels and indices stay.
     *
     * @param batch UINT8 images N×C×H×W
     * @return UINT8 images of the same shape, in the open scope
     * @throws IllegalArgumentException for images of another type
     */
    Batch apply(Batch batch, Rng rng);

    /** No augmentation; draws no random numbers. */
    static Augmentation none() {
        return (batch, rng) -> batch;
    }

    /** This, then {@code next}, both from the same stream. */
    default Augmentation then(Augmentation next) {
        return (batch, rng) -> next.apply(apply(batch, rng), rng);
    }
}
