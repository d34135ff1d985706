package varepsilon.robust.attack;

import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/**
 * L0, not a norm in the strict sense: the number of values that differ, each by as much as the box permits. A radius
 * that is no whole number allows as many as the next smaller one.
 */
record L0Norm() implements Norm {
    @Override
    public String label() {
        return "l0";
    }

    @Override
    public Tensor length(Tensor delta) {
        return PerExample.sum(delta.eq(delta.zerosLike()).not().to(delta.dtype()));
    }

    /** Keeps the values whose removal would add most to the squared distance. */
    @Override
    public Tensor project(Tensor delta, double radius, Tensor low, Tensor high) {
        Tensor inBox = delta.clamp(low, high);
        // v² where a value is set to zero, against (v − clip(v))² where it stays.
        Tensor gain = delta.square().sub(delta.sub(inBox).square());
        return largest(inBox, gain, radius);
    }

    @Override
    public Tensor project(Tensor delta, Tensor radii, Tensor low, Tensor high) {
        Tensor inBox = delta.clamp(low, high);
        Tensor gain = delta.square().sub(delta.sub(inBox).square()).flatten(1);
        // Sorting the order gives the place of each value in it.
        Tensor place = gain.argsort(1, true).argsort(1, false).to(DType.FLOAT64);
        Tensor beyond = place.gt(radii.to(DType.FLOAT64).add(1e-9 - 1).unsqueeze(1));
        return inBox.zerosLike().where(beyond.reshape(delta.shape()), inBox);
    }

    @Override
    public Tensor maximise(Tensor gradient, double radius, Tensor low, Tensor high) {
        Tensor zero = gradient.zerosLike();
        Tensor corner = high.where(gradient.gt(0), low.where(gradient.lt(zero), zero));
        return largest(corner, gradient.mul(corner), radius);
    }

    /**
     * Moves as many values as the step allows to where {@link #maximise} has them, those first that gain most; of all
     * moved values, as many as the radius allows keep their change. Hence up to two steps of values differ.
     */
    @Override
    public Tensor ascend(Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high) {
        Tensor best = maximise(gradient, radius, low, high);
        Tensor zero = delta.zerosLike();
        // What is not moved by the best perturbation stays as it is, unless it lowers the loss.
        Tensor harmless = delta.where(gradient.mul(delta).lt(zero).not(), zero);
        Tensor aim = best.where(best.eq(zero).not(), harmless);
        Tensor way = aim.sub(delta);
        Tensor moved = delta.add(largest(way, gradient.mul(way), Math.max(1, stepSize)));
        return largest(moved, gradient.mul(moved), radius);
    }

    @Override
    public Tensor explore(
            Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high, double spread) {
        return ascend(delta, gradient, stepSize, radius, low, high);
    }

    /** So many values at random places, each uniform in [−1, 1]. */
    @Override
    public Tensor sample(Tensor like, double radius, Draws draws) {
        Tensor values = draws.uniform(like).mul(2).sub(1);
        return largest(values, draws.uniform(like).add(1e-6), radius);
    }

    @Override
    public double diameter(double width, long dimensions) {
        return dimensions;
    }

    /** x at its ⌊radius⌋ values of the largest gain, 0 elsewhere. */
    private static Tensor largest(Tensor x, Tensor gain, double radius) {
        Tensor flat = gain.flatten(1);
        long dimensions = flat.size(1);
        long kept = (long) Math.min(Math.floor(radius + 1e-9), dimensions);
        if (kept == 0) {
            return x.zerosLike();
        }
        Tensor first = flat.argsort(1, true).narrow(1, 0, kept);
        Tensor values = x.flatten(1);
        return values.zerosLike().scatter(1, first, values.gather(1, first)).reshape(x.shape());
    }
}
