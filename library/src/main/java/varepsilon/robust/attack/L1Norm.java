package varepsilon.robust.attack;

import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * L1: the absolute changes of all pixels sum to ε at most, so that the optimal perturbation of a linear loss changes
 * few pixels by much.
 */
record L1Norm() implements Norm {
    /** Of the values of an image, how many a step changes. */
    private static final double SHARE_OF_A_STEP = 0.01;

    // Halving an interval so often reaches the resolution of single precision, and nearly that of double.
    private static final int HALVINGS = 50;

    @Override
    public String label() {
        return "l1";
    }

    @Override
    public Tensor length(Tensor delta) {
        return PerExample.sum(delta.abs());
    }

    /**
     * Nearest point: sign(vᵢ)·min(max(|vᵢ| − λ, 0), bᵢ), bᵢ the room in the direction of vᵢ, with λ = 0 where that lies
     * in the ball and else the one at which the sum is the radius (the condition of Karush, Kuhn and Tucker).
     */
    @Override
    public Tensor project(Tensor delta, double radius, Tensor low, Tensor high) {
        return project(delta, PerExample.sum(delta).zerosLike().add(radius), low, high);
    }

    @Override
    public Tensor project(Tensor delta, Tensor radii, Tensor low, Tensor high) {
        Tensor size = delta.abs();
        Tensor room = high.where(delta.gt(0), low.neg());
        Tensor outside = PerExample.sum(size.min(room)).gt(radii);
        if (outside.nonzero().count() == 0) {
            return delta.clamp(low, high);
        }
        Tensor most = PerExample.max(size);
        Tensor least = most.zerosLike();
        for (int i = 0; i < HALVINGS; i++) {
            try (var scope = Scope.open()) {
                Tensor middle = least.add(most).mul(0.5);
                Tensor tooLong = PerExample.sum(shrunk(size, room, middle)).gt(radii);
                least = scope.keep(middle.where(tooLong, least));
                most = scope.keep(most.where(tooLong, middle));
            }
        }
        Tensor lambda = most.where(outside, most.zerosLike());
        return delta.sign().mul(shrunk(size, room, lambda));
    }

    private static Tensor shrunk(Tensor size, Tensor room, Tensor lambda) {
        return size.sub(PerExample.broadcast(lambda, size)).relu().min(room);
    }

    /** Spends the radius on the pixels of the largest gradient first, each up to the bound of its box. */
    @Override
    public Tensor maximise(Tensor gradient, double radius, Tensor low, Tensor high) {
        Tensor slope = gradient.flatten(1);
        Tensor zero = slope.zerosLike();
        Tensor room = high.flatten(1).where(slope.gt(0), low.flatten(1).neg().where(slope.lt(zero), zero));
        Tensor order = slope.abs().argsort(1, true);
        Tensor sorted = room.gather(1, order);
        Tensor spentBefore = sorted.cumulativeSum(1).sub(sorted);
        Tensor spent = spentBefore.neg().add(radius).relu().min(sorted);
        return zero.scatter(1, order, spent).mul(slope.sign()).reshape(gradient.shape());
    }

    /**
     * Goes towards the point that is best by this gradient, as in the method of Frank and Wolfe (1956): the changes of
     * other pixels give way to those that count most. Adding to the latter and projecting takes the same from all
     * pixels that were moved, also from the best, and so does not stay at the best point of a linear loss.
     */
    @Override
    public Tensor ascend(Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high) {
        Tensor slope = PerExample.max(gradient.abs());
        Tensor way = maximise(gradient, radius, low, high).sub(delta);
        Tensor length = length(way);
        Tensor full = length.zerosLike().add(stepSize);
        // A zero gradient or a zero step size leaves δ unchanged.
        Tensor share = full.div(length.max(full.add(1e-30))).where(slope.gt(0), slope.zerosLike());
        return delta.add(way.mul(PerExample.broadcast(share, way)));
    }

    /**
     * The best point of a linear model spends the radius on one or two pixels, over which a network is not linear. More
     * breaks where a step is spread over the 1 % of the values with the largest gradient that have room left, and what
     * it leads to is projected (SLIDE: Tramèr, Boneh 2019).
     */
    @Override
    public Tensor explore(
            Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high, double spread) {
        double values = Math.max(1, spread * SHARE_OF_A_STEP * delta.count() / Math.max(1, delta.size(0)));
        double most = stepSize / values;
        Tensor step = maximise(
                gradient,
                stepSize,
                low.sub(delta).clamp(-most, 0),
                high.sub(delta).clamp(0, most));
        return project(delta.add(step), radius, low, high);
    }

    /** D of D + 1 exponential variables divided by their sum are uniform in the positive part of the ball. */
    @Override
    public Tensor sample(Tensor like, double radius, Draws draws) {
        Tensor sizes = draws.exponential(like);
        Tensor slack = draws.exponential(PerExample.sum(like));
        Tensor signs = draws.uniform(like).sub(0.5).sign();
        Tensor factor = PerExample.sum(sizes).add(slack);
        return sizes.mul(signs).mul(radius).div(PerExample.broadcast(factor, sizes));
    }

    @Override
    public double diameter(double width, long dimensions) {
        return width * dimensions;
    }
}
