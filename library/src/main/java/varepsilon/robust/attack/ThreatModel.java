package varepsilon.robust.attack;

import varepsilon.base.InputException;

/**
 * The allowed perturbations of an image: at most ε in a norm over its pixels, with every pixel inside the box.
 *
 * @param norm how a perturbation is measured
 * @param epsilon ε, in pixel units, at least 0; 0 allows nothing
 * @param box the values that a pixel may have
 */
public record ThreatModel(Norm norm, double epsilon, Box box) {
    /** Rejects an ε that is negative or not finite. */
    public ThreatModel {
        if (!(epsilon >= 0) || Double.isInfinite(epsilon)) {
            throw new InputException("epsilon " + epsilon + ": expected a finite number of at least 0, in pixel units");
        }
    }

    /** Pixels in [0, 1]. */
    public static ThreatModel of(Norm norm, double epsilon) {
        return new ThreatModel(norm, epsilon, Box.PIXELS);
    }

    /** The same with another ε. */
    public ThreatModel withEpsilon(double other) {
        return new ThreatModel(norm, other, box);
    }

    /**
     * Whether ε is so large that the ball contains the whole box, so that any image may become any other.
     *
     * @param dimensions values in an image
     */
    public boolean allowsAnything(long dimensions) {
        return epsilon >= norm.diameter(box.width(), dimensions);
    }
}
