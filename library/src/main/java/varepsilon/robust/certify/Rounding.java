package varepsilon.robust.certify;

import varepsilon.tensor.DType;

/**
 * How far a computed sum may lie from the exact one. Each rounding changes a result by at most u, the unit roundoff,
 * relative to it; where these changes are independent and of mean zero, a sum of them with weights cᵢ is at most λ·u·‖c‖₂
 * with a probability of at least 1 − 2·exp(−λ²/2) (Hoeffding's inequality; Higham, Mary 2019, "A new approach to
 * probabilistic rounding error analysis"). λ = 8 makes that 1 − 2.6·10⁻¹⁴ for each bound. A value that is a sum of n
 * products is rounded about n times, with weights of at most the sum of the products' magnitudes, and so is off by at
 * most λ·√n·u times that sum; a linear function of such values is off by that much of the Euclidean length of its terms.
 * Bounds are moved outwards by as much.
 */
final class Rounding {
    private static final double LAMBDA = 8;

    private final double unit;

    Rounding(DType dtype) {
        this.unit = dtype == DType.FLOAT64 ? 0x1p-53 : 0x1p-24;
    }

    /** λ·√n·u, for sums of so many products. */
    double ofSum(long terms) {
        return LAMBDA * Math.sqrt(terms + 8.0) * unit;
    }
}
