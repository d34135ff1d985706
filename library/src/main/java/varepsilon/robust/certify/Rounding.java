package varepsilon.robust.certify;

import varepsilon.tensor.DType;

/**
 * How far a computed sum may lie from the exact one. Rounding errors of a sum of n products are at most λ·√n·u times the
 * sum of their magnitudes, u being the unit roundoff, with a probability of at least 1 − 2·exp(−λ²/2), where they are
 * independent and of mean zero (Higham, Mary 2019, "A new approach to probabilistic rounding error analysis", Theorem
 * 2.4); λ = 8 makes that 1 − 2.6·10⁻¹⁴ for each sum. Bounds are moved outwards by that much.
 */
final class Rounding {
    private static final double LAMBDA = 8;

    private final double unit;

    Rounding(DType dtype) {
        this.unit = dtype == DType.FLOAT64 ? 0x1p-53 : 0x1p-24;
    }

    /** Relative to the sum of the magnitudes of so many products. */
    double ofSum(long terms) {
        return LAMBDA * Math.sqrt(terms + 8.0) * unit;
    }
}
