package varepsilon.data;

import varepsilon.tensor.Tensor;

/**
 * Some images of a set, as a model takes them. The tensors belong to the scope that was open when the batch was made.
 *
 * @param images UINT8, size×C×H×W
 * @param labels INT64, size; absent where the set has none
 * @param indices which images of the set these are
 * @param size the number of images
 */
public record Batch(Tensor images, Tensor labels, int[] indices, int size) {
    /**
     * The labels.
     *
     * @throws IllegalStateException where the set has none
     */
    @Override
    public Tensor labels() {
        if (labels == null) {
            throw new IllegalStateException("these images have no labels");
        }
        return labels;
    }
}
