package varepsilon.robust.attack;

import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The smallest step inside the box that raises a linear function by a certain amount: the projection onto a hyperplane
 * within a box (Croce, Hein 2020, section 2.1), exact in double precision. With bᵢ the room in the direction of wᵢ, the
 * step is
 *
 * <ul>
 *   <li>in L∞: min(t, bᵢ)·sign(wᵢ)
 *   <li>in L2: min(t·|wᵢ|, bᵢ)·sign(wᵢ)
 *   <li>in L1: bᵢ·sign(wᵢ) for the values of the largest |wᵢ|, of the last of them only as much as is left
 *   <li>in L0: bᵢ·sign(wᵢ) for the values of the largest |wᵢ|·bᵢ, as few as will do
 * </ul>
 */
final class Hyperplane {
    // Newton's method ends by itself after as many rounds as values reach the box; about five are usual.
    private static final int MOST_ROUNDS = 200;

    private Hyperplane() {}

    /**
     * The smallest d with ⟨w, d⟩ = rise and low ≤ d ≤ high; where the box does not reach that far, the one of its
     * corners that comes nearest to it.
     *
     * @param norm in which d is small
     * @param w of each example, shaped as {@code low}
     * @param rise N, of either sign
     * @param low at most 0
     * @param high at least 0
     * @return FLOAT64, shaped as {@code low}
     */
    static Tensor step(Norm norm, Tensor w, Tensor rise, Tensor low, Tensor high) {
        try (var scope = Scope.withoutGradients()) {
            Tensor target = rise.to(DType.FLOAT64);
            Tensor falls = target.lt(target.zerosLike()).unsqueeze(1);
            Tensor slope = w.flatten(1).to(DType.FLOAT64);
            slope = slope.neg().where(falls, slope);
            Tensor room = high.flatten(1)
                    .where(slope.gt(0), low.flatten(1).neg())
                    .to(DType.FLOAT64)
                    .relu();
            Tensor zero = room.zerosLike();
            // A value on which the function does not depend stays.
            room = zero.where(slope.eq(zero), room);
            Tensor size = switch (norm.label()) {
                case "linf" -> evenly(slope.abs(), room, zero.add(1), target.abs());
                case "l2" -> evenly(slope.abs(), room, slope.abs(), target.abs());
                case "l1" -> greedily(slope.abs(), room, slope.abs(), target.abs(), false);
                default -> greedily(slope.abs(), room, slope.abs().mul(room), target.abs(), true);
            };
            return scope.keep(size.mul(slope.sign()).reshape(low.shape()));
        }
    }

    /**
     * The nearest of several linearised boundaries.
     *
     * @param excess of that class, N
     * @param gradient of that class, shaped as the images
     * @param step the smallest step to the boundary inside the box, in the images' type
     */
    record Nearest(Tensor excess, Tensor gradient, Tensor step) {}

    /**
     * Of all rivals of an example, the one whose boundary, were its logit linear, is the nearest inside the box.
     *
     * @param low how far each value may fall, N×…
     * @param high how far it may rise
     */
    static Nearest nearest(Norm norm, Problem.Rivals rivals, Tensor low, Tensor high) {
        try (var scope = Scope.withoutGradients()) {
            long n = rivals.excess().size(0);
            long m = rivals.excess().size(1);
            Tensor w = rivals.gradients().flatten(0, 1);
            Tensor rise = rivals.excess().flatten(0).neg().to(DType.FLOAT64);
            Tensor steps = step(norm, w, rise, repeated(low, m), repeated(high, m));
            // Where the box ends before the boundary, that class is the last choice.
            Tensor reached = PerExample.dot(w, steps).sub(rise).abs();
            Tensor missed = reached.gt(rise.abs().mul(1e-6)).to(DType.FLOAT64).mul(1e30);
            Tensor distance = norm.length(steps).add(missed).reshape(n, m);
            Tensor best = distance.neg().argmax(1);
            Tensor index = best.add(Tensor.arange(n).to(best.device()).mul(m)).to(DType.INT64);
            return new Nearest(
                    scope.keep(rise.indexSelect(0, index).neg()),
                    scope.keep(w.indexSelect(0, index).reshape(low.shape())),
                    scope.keep(steps.indexSelect(0, index).to(low.dtype()).reshape(low.shape())));
        }
    }

    /** The rows of N×…, each M times in succession, flattened. */
    private static Tensor repeated(Tensor x, long m) {
        Tensor flat = x.flatten(1).unsqueeze(1);
        return flat.expand(flat.size(0), m, flat.size(2)).flatten(0, 1);
    }

    /**
     * min(t·speed, room) with the t at which Σ slope·min(t·speed, room) is the rise. The sum is concave and piecewise
     * linear in t, so Newton's method from below climbs to the root without passing it and ends there.
     */
    private static Tensor evenly(Tensor slope, Tensor room, Tensor speed, Tensor rise) {
        Tensor gain = slope.mul(speed);
        Tensor most = slope.mul(room);
        Tensor reachable = rise.lt(most.sum(1));
        Tensor zero = room.zerosLike();
        Tensor t = rise.zerosLike();
        for (int round = 0; round < MOST_ROUNDS; round++) {
            try (var scope = Scope.open()) {
                Tensor free = speed.mul(t.unsqueeze(1)).lt(room);
                Tensor rate = gain.where(free, zero).sum(1);
                Tensor left = rise.sub(zero.where(free, most).sum(1));
                Tensor next = left.div(rate).where(rate.gt(0).and(reachable), t).max(t);
                boolean moved = next.gt(t).nonzero().count() > 0;
                t = scope.keep(next);
                if (!moved) {
                    break;
                }
            }
        }
        return speed.mul(t.unsqueeze(1)).min(room).where(reachable.unsqueeze(1), room);
    }

    /** The room of the values of the highest rank, up to the one that makes the rise full. */
    private static Tensor greedily(Tensor slope, Tensor room, Tensor rank, Tensor rise, boolean whole) {
        Tensor order = rank.argsort(1, true);
        Tensor sorted = room.gather(1, order);
        Tensor slopes = slope.gather(1, order);
        Tensor gains = slopes.mul(sorted);
        Tensor left = rise.unsqueeze(1).sub(gains.cumulativeSum(1).sub(gains));
        Tensor needed = left.gt(0).and(slopes.gt(0));
        Tensor zero = room.zerosLike();
        Tensor amount =
                whole ? sorted : left.div(slopes.where(needed, zero.add(1))).min(sorted);
        return zero.scatter(1, order, amount.where(needed, zero));
    }
}
