package varepsilon.data;

import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/**
 * A batch of images of a set. The tensors belong to the scope that was open when the batch was made.
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

    /** The images as a classifier takes them: FLOAT32, size×C×H×W in [0, 1], on that device and in the open scope. */
    public Tensor pixels(Device device) {
        return pixels(images.to(device));
    }

    /**
     * Levels as intensities: each divided by 255. The only conversion of bytes to pixels.
     *
     * @param levels of any type and shape, from 0 to 255
     * @return FLOAT32 in [0, 1], of the same shape and on the same device
     */
    public static Tensor pixels(Tensor levels) {
        return levels.to(DType.FLOAT32).div(255);
    }

    /**
     * Pixels as the nearest bytes, as files would have them.
     *
     * @param pixels of any shape; values outside [0, 1] become the nearest in it
     * @return UINT8 of the same shape and on the same device
     */
    public static Tensor rounded(Tensor pixels) {
        return pixels.mul(255).add(0.5).clamp(0, 255).to(DType.UINT8);
    }

    /** A copy of the images' bytes, image after image, each channel after channel, each row after row. */
    byte[] bytes() {
        if (images.dtype() != DType.UINT8) {
            throw new IllegalArgumentException("images of type " + images.dtype() + "; expected " + DType.UINT8);
        }
        return images.toBytes();
    }

    /** The same examples with images of other bytes, in the open scope and on the same device. */
    Batch withBytes(byte[] bytes) {
        Tensor changed = Tensor.of(bytes, images.shape()).to(images.device());
        return new Batch(changed, labels, indices, size);
    }
}
