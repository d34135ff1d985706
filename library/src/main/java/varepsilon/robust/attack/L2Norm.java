package varepsilon.robust.attack;

import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * L2. In the intersection of ball and box, both the nearest point to v and the farthest point in the direction v have
 * the form clip(s·v) with one s ≥ 0 an example, of which {@link #scaled} finds the largest that stays in the ball.
 */
record L2Norm() implements Norm {
    // Newton's method below ends by itself after as many rounds as values reach the box; five are usual.
    private static final int MOST_ROUNDS = 100;

    @Override
    public String label() {
        return "l2";
    }

    @Override
    public Tensor length(Tensor delta) {
        return PerExample.sum(delta.square()).sqrt();
    }

    @Override
    public Tensor project(Tensor delta, double radius, Tensor low, Tensor high) {
        return projected(delta, squared(radius, delta), low, high);
    }

    @Override
    public Tensor project(Tensor delta, Tensor radii, Tensor low, Tensor high) {
        return projected(delta, radii.square(), low, high);
    }

    private static Tensor projected(Tensor delta, Tensor squaredRadii, Tensor low, Tensor high) {
        Tensor inBox = delta.clamp(low, high);
        Tensor outside = PerExample.sum(inBox.square()).gt(squaredRadii);
        if (!anyOf(outside)) {
            return inBox;
        }
        return scaled(delta, squaredRadii, low, high).where(PerExample.broadcast(outside, delta), inBox);
    }

    /** radius², one for each example. */
    private static Tensor squared(double radius, Tensor like) {
        return PerExample.sum(like).zerosLike().add(radius * radius);
    }

    @Override
    public Tensor maximise(Tensor gradient, double radius, Tensor low, Tensor high) {
        Tensor zero = gradient.zerosLike();
        // The corner of the box to which the gradient points: reached where the ball is large enough.
        Tensor corner = high.where(gradient.gt(0), low.where(gradient.lt(zero), zero));
        Tensor outside = PerExample.sum(corner.square()).gt(radius * radius);
        if (!anyOf(outside)) {
            return corner;
        }
        return scaled(gradient, squared(radius, gradient), low, high)
                .where(PerExample.broadcast(outside, gradient), corner);
    }

    @Override
    public Tensor ascend(Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high) {
        Tensor direction = PerExample.rescaled(gradient);
        Tensor length = length(direction);
        // A zero gradient has no direction and stays zero.
        Tensor divisor = length.where(length.gt(0), length.add(1));
        Tensor step = direction.div(PerExample.broadcast(divisor, direction)).mul(stepSize);
        return project(delta.add(step), radius, low, high);
    }

    @Override
    public Tensor explore(
            Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high, double spread) {
        return ascend(delta, gradient, stepSize, radius, low, high);
    }

    @Override
    public Tensor sample(Tensor like, double radius, Draws draws) {
        Tensor direction = draws.normal(like);
        double dimensions = (double) like.count() / like.size(0);
        // The volume within r of the centre grows as r^D.
        Tensor share =
                draws.uniform(PerExample.sum(like)).log().mul(1 / dimensions).exp();
        Tensor factor = share.mul(radius).div(length(direction));
        return direction.mul(PerExample.broadcast(factor, direction));
    }

    @Override
    public double diameter(double width, long dimensions) {
        return width * Math.sqrt(dimensions);
    }

    /**
     * clip(s·v, low, high) of squared length {@code target}, for examples whose v, scaled up without limit and clipped,
     * is longer than that. With t = s², the squared length Σ min(t·vᵢ², bᵢ²), bᵢ the room in the direction of vᵢ, is
     * concave and piecewise linear in t, so Newton's method from below climbs to the root without passing it and ends
     * there exactly.
     */
    private static Tensor scaled(Tensor direction, Tensor target, Tensor low, Tensor high) {
        Tensor v = PerExample.rescaled(direction);
        Tensor squares = v.square();
        Tensor room = high.where(v.gt(0), low).square();
        Tensor t = target.div(floored(PerExample.sum(squares)));
        for (int round = 0; round < MOST_ROUNDS; round++) {
            try (var scope = Scope.open()) {
                Tensor blocked = squares.mul(PerExample.broadcast(t, squares)).gt(room);
                Tensor zero = squares.zerosLike();
                Tensor fixed = PerExample.sum(room.where(blocked, zero));
                Tensor free = PerExample.sum(zero.where(blocked, squares));
                Tensor next = target.sub(fixed).div(floored(free)).max(t);
                boolean moved = anyOf(next.gt(t));
                t = scope.keep(next);
                if (!moved) {
                    break;
                }
            }
        }
        return v.mul(PerExample.broadcast(t.sqrt(), v)).clamp(low, high);
    }

    /** Keeps rows that {@link #scaled} is not about, such as all zeros, from dividing by zero. */
    private static Tensor floored(Tensor x) {
        return x.max(x.zerosLike().add(1e-30));
    }

    private static boolean anyOf(Tensor conditions) {
        return conditions.to(DType.FLOAT32).sum().item() > 0;
    }
}
