package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/**
 * The values that a pixel may have.
 *
 * @param low smallest
 * @param high largest, above {@code low}
 */
public record Box(double low, double high) {
    /** That of images: [0, 1]. */
    public static final Box PIXELS = new Box(0, 1);

    /** Rejects bounds that are not finite or not increasing. */
    public Box {
        if (!(low < high) || !Double.isFinite(low) || !Double.isFinite(high)) {
            throw new IllegalArgumentException("box [" + low + ", " + high + "]: expected finite, increasing bounds");
        }
    }

    /** The length of an edge. */
    public double width() {
        return high - low;
    }

    /** How far each value of {@code x} may sink, at most 0. */
    Tensor below(Tensor x) {
        return x.neg().add(low);
    }

    /** How far each value of {@code x} may rise, at least 0. */
    Tensor above(Tensor x) {
        return x.neg().add(high);
    }

    /** The nearest values inside. */
    Tensor clamp(Tensor x) {
        return x.clamp(low, high);
    }
}
