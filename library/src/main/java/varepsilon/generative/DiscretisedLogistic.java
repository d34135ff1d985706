package varepsilon.generative;

import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The logistic distribution rounded to the levels 0 … levels − 1 (Kingma et al. 2016; Salimans et al. 2017): level v has
 * the mass of [v − ½, v + ½], the first level and the last have the whole tail besides. With σ(x) = 1/(1 + e⁻ˣ), the
 * edges a < b of a level in units of the scale, measured from the mean, and δ = b − a,
 *
 * <pre>
 * log(σ(b) − σ(a)) = log σ(b) + log σ(−a) + log(1 − e^−δ)
 * </pre>
 *
 * which has no difference of nearly equal numbers, at any mean and any scale.
 *
 * @param mean of the logistic, in levels
 * @param logScale natural logarithm of its scale in levels, in the shape of the mean
 * @param levels at least 2
 */
record DiscretisedLogistic(Tensor mean, Tensor logScale, int levels) {
    /** The smallest scale that {@link #of} gives, in levels: at the mean, a level then has a mass of 1 − 4·10⁻²². */
    static final double SMALLEST_SCALE = 0.01;

    private static final double LOG_SMALLEST_SCALE = Math.log(SMALLEST_SCALE);
    private static final double SMALLEST_WIDTH = 1e-30;

    /**
     * The distribution of a network's outputs, which may be any numbers.
     *
     * @param mean −1 stands for the first level and 1 for the last
     * @param logScale logarithm of the scale in the same units, 2/(levels − 1) of which is a level; a scale of s levels
     *     becomes s + {@value #SMALLEST_SCALE}
     */
    static DiscretisedLogistic of(Tensor mean, Tensor logScale, int levels) {
        double half = (levels - 1) / 2.0;
        Tensor ratio = logScale.add(Math.log(half) - LOG_SMALLEST_SCALE);
        return new DiscretisedLogistic(
                mean.add(1).mul(half), Ops.softplus(ratio).add(LOG_SMALLEST_SCALE), levels);
    }

    /**
     * The logarithm of a level's probability.
     *
     * @param level whole numbers in the type of the mean; broadcasts with it
     */
    Tensor logProbability(Tensor level) {
        Tensor inverseScale = logScale.neg().exp();
        // The upper edge of a level and the lower edge of the next are the same number, rounding included: nothing is
        // lost or counted twice between them.
        Tensor belowUpperEdge = Ops.logSigmoid(level.add(0.5).sub(mean).mul(inverseScale));
        Tensor aboveLowerEdge = Ops.logSigmoid(mean.sub(level.sub(0.5)).mul(inverseScale));
        Tensor hasLowerEdge = level.gt(0).to(mean.dtype());
        Tensor hasUpperEdge = level.lt(levels - 1.0).to(mean.dtype());
        return belowUpperEdge
                .mul(hasUpperEdge)
                .add(aboveLowerEdge.mul(hasLowerEdge))
                .add(logWidth(inverseScale).mul(hasLowerEdge.mul(hasUpperEdge)));
    }

    /** log(1 − e^−δ) for the width δ of a level, in units of the scale: log δ + log((1 − e^−δ)/δ), where δ may underflow. */
    private Tensor logWidth(Tensor width) {
        Tensor some = width.clamp(SMALLEST_WIDTH, Double.POSITIVE_INFINITY);
        return Ops.expm1(some.neg()).neg().div(some).log().sub(logScale);
    }

    /** A draw of the level, INT64. */
    Tensor sample(Rng rng) {
        Tensor uniform = rng.uniform(mean.dtype(), mean.shape()).to(mean.device());
        // The quantile function; at 0 it is −∞, which rounds to the first level.
        Tensor logistic = uniform.log().sub(uniform.neg().add(1).log());
        return mean.add(logScale.exp().mul(logistic))
                .add(0.5)
                .clamp(0, levels - 0.5)
                .to(DType.INT64);
    }

    /** The expected level: the sum of the probabilities of reaching level 1, 2, …. */
    Tensor expectedLevel() {
        Tensor inverseScale = logScale.neg().exp();
        Tensor sum = mean.zerosLike();
        for (int level = 1; level < levels; level++) {
            try (var scope = Scope.open()) {
                sum.addInPlace(mean.sub(level - 0.5).mul(inverseScale).sigmoid());
            }
        }
        return sum;
    }
}
