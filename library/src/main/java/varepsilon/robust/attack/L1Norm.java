package varepsilon.robust.attack;

import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** L1: the absolute changes of all pixels sum to ε at most, so that the best attack moves few pixels far. */
record L1Norm() implements Norm {
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
     * Nearest point: sign(vᵢ)·min(max(|vᵢ| − λ, 0), bᵢ), bᵢ the room in the direction of vᵢ, with λ = 0 where that lies in
     * the ball and else the one at which the sum is the radius (the condition of Karush, Kuhn and Tucker).
     */
    @Override
    public Tensor project(Tensor delta, double radius, Tensor low, Tensor high) {
        Tensor size = delta.abs();
        Tensor room = high.where(delta.gt(0), low.neg());
        Tensor outside = PerExample.sum(size.min(room)).gt(radius);
        if (outside.nonzero().count() == 0) {
            return delta.clamp(low, high);
        }
        Tensor most = PerExample.max(size);
        Tensor least = most.zerosLike();
        for (int i = 0; i < HALVINGS; i++) {
            try (var scope = Scope.open()) {
                Tensor middle = least.add(most).mul(0.5);
                Tensor tooLong = PerExample.sum(shrunk(size, room, middle)).gt(radius);
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

    /** Spends the radius on the pixels of the largest gradient first, each as far as its box lets it go. */
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
     * other pixels give way to those that count most. Adding to the latter and projecting takes the same from all pixels
     * that were moved, also from the best, and so does not stay at the best point of a linear loss.
     */
    @Override
    public Tensor ascend(Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high) {
        Tensor slope = PerExample.max(gradient.abs());
        Tensor way = maximise(gradient, radius, low, high).sub(delta);
        Tensor length = length(way);
        Tensor full = length.zerosLike().add(stepSize);
        // Neither a gradient of zero nor a step of zero moves anything.
        Tensor share = full.div(length.max(full.add(1e-30))).where(slope.gt(0), slope.zerosLike());
        return delta.add(way.mul(PerExample.broadcast(share, way)));
    }

    /** D of D + 1 exponential variables divided by their sum are uniform in the positive part of the ball. */
    @Override
    public Tensor sample(Tensor like, double radius, Rng rng) {
        Tensor sizes = rng.exponential(like.shape()).to(like.dtype()).to(like.device());
        Tensor slack = rng.exponential(like.size(0)).to(like.dtype()).to(like.device());
        Tensor signs = rng.uniform(like.dtype(), like.shape())
                .to(like.device())
                .sub(0.5)
                .sign();
        Tensor factor = PerExample.sum(sizes).add(slack);
        return sizes.mul(signs).mul(radius).div(PerExample.broadcast(factor, sizes));
    }

    @Override
    public double diameter(double width, long dimensions) {
        return width * dimensions;
    }
}
