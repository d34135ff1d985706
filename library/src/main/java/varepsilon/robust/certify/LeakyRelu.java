package varepsilon.robust.certify;

import varepsilon.tensor.Tensor;

/**
 * x where it is positive, else slope·x, with a slope of at most 1: ReLU at 0. On an interval around 0, the chord lies
 * above; below lies any line through the origin with a slope between the two (Zhang et al. 2018, "Efficient neural
 * network robustness certification with general activation functions").
 *
 * @param slope of the negative part, a number an element or one for all, at most 1
 */
record LeakyRelu(Tensor slope) implements Activation {
    @Override
    public Tensor apply(Tensor x) {
        return x.max(x.mul(slope));
    }

    /** With a negative slope it falls where x is negative: the range touches 0 where the interval does. */
    @Override
    public Bounds range(Bounds interval) {
        Tensor atLower = apply(interval.lower());
        Tensor atUpper = apply(interval.upper());
        Tensor least = atLower.min(atUpper);
        return new Bounds(
                least.clamp(Double.NEGATIVE_INFINITY, 0).where(isRelaxed(interval), least), atLower.max(atUpper));
    }

    @Override
    public Tensor isRelaxed(Bounds interval) {
        return interval.lower().lt(0).and(interval.upper().gt(0));
    }

    @Override
    public Lines lines(Bounds interval, Tensor choice) {
        Tensor l = interval.lower();
        Tensor u = interval.upper();
        Tensor relaxed = isRelaxed(interval);
        Tensor zero = l.zerosLike();
        // Where it is a line, that line.
        Tensor exact = slope.add(zero).where(u.gt(0).not(), zero.add(1));
        Tensor width = u.sub(l).where(relaxed, zero.add(1));
        Tensor chord = u.sub(l.mul(slope)).div(width);
        Tensor intercept = u.mul(l.neg()).mul(slope.neg().add(1)).div(width);
        Tensor taken = choice == null ? u.gt(l.neg()).to(l.dtype()) : choice;
        Tensor below = taken.mul(slope.neg().add(1)).add(slope);
        boolean perFunction = choice != null && choice.dimensions() > l.dimensions();
        Tensor lowerSlope =
                perFunction ? below.where(relaxed.unsqueeze(1), exact.unsqueeze(1)) : below.where(relaxed, exact);
        return new Lines(lowerSlope, zero, chord.where(relaxed, exact), intercept.where(relaxed, zero));
    }
}
