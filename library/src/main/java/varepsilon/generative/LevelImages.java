package varepsilon.generative;

import java.util.Arrays;
import varepsilon.data.Checksums;
import varepsilon.data.ImageShape;

/**
 * Images as levels, as a likelihood distinguishes them.
 *
 * @param shape of an image
 * @param levels their number, 2 to 256; a level is 0 to one less
 * @param values N·C·H·W levels, unsigned bytes, one image after the other; not copied
 */
public record LevelImages(ImageShape shape, int levels, byte[] values) {
    /** Rejects a number of levels that a byte does not have, and anything but whole images. */
    public LevelImages {
        if (levels < 2 || levels > 256) {
            throw new IllegalArgumentException("levels " + levels + ": expected 2 to 256");
        }
        int dimensions = shape.channels() * shape.height() * shape.width();
        if (values.length == 0 || values.length % dimensions != 0) {
            throw new IllegalArgumentException(values.length + " values are not one or more images of " + shape);
        }
    }

    /** The number of images. */
    public int size() {
        return values.length / dimensions();
    }

    /** Values in an image, D = C·H·W. */
    public int dimensions() {
        return shape.channels() * shape.height() * shape.width();
    }

    /** A copy of the C·H·W levels of an image. */
    public byte[] image(int i) {
        return Arrays.copyOfRange(values, i * dimensions(), (i + 1) * dimensions());
    }

    /** Whether the others are the same images: shape, number of levels and values. */
    public boolean sameAs(LevelImages others) {
        return shape.equals(others.shape) && levels == others.levels && Arrays.equals(values, others.values);
    }

    /** SHA-256 of the values in hexadecimal. */
    public String sha256() {
        return Checksums.sha256(values);
    }
}
