package varepsilon.robust.certify;

import varepsilon.tensor.Tensor;

/**
 * Bounds of a value of each example.
 *
 * @param lower N×…
 * @param upper of the same shape
 */
record Bounds(Tensor lower, Tensor upper) {
    /** The tighter of both, element by element. */
    Bounds and(Bounds other) {
        return new Bounds(lower.max(other.lower), upper.min(other.upper));
    }

    Tensor center() {
        return lower.add(upper).mul(0.5);
    }

    Tensor radius() {
        return upper.sub(lower).mul(0.5);
    }

    /** The largest absolute value. */
    Tensor magnitude() {
        return lower.abs().max(upper.abs());
    }

    /** Moved apart by so much. */
    Bounds padded(Tensor by) {
        return new Bounds(lower.sub(by), upper.add(by));
    }
}
