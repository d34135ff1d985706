package varepsilon.robust.attack;

import varepsilon.base.InputException;

/**
 * What an attacker may do to an image: move it by at most ε, measured by a norm over its pixels, without leaving the
 * values that pixels have.
 *
 * @param norm how a perturbation is measured
 * @param epsilon ε, in pixel units, at least 0; 0 allows nothing
 * @param box the values that a pixel may have
 */
public record ThreatModel(Norm norm, double epsilon, Box box) {
    /** Refuses an ε that is negative or not a number. */
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
     * Whether ε is so large that the box alone limits what can be done, and no image keeps anything of itself.
     *
     * @param dimensions values in an image
     */
    public boolean allowsAnything(long dimensions) {
        return epsilon >= norm.diameter(box.width(), dimensions);
    }
}
