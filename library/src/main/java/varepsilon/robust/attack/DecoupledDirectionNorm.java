package varepsilon.robust.attack;

import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Decoupled direction and norm (Rony et al. 2019, "Decoupling Direction and Norm for Efficient Gradient-Based L2
 * Adversarial Attacks and Defenses"): steps along the gradient of the cross-entropy, after each of which the
 * perturbation is scaled to a length that falls where it succeeded and rises where it did not. Without the paper's
 * rounding to 8 bits. The last γ is then taken off by a line search, and the nearest point of the linearised boundary
 * is tried; both are additions to the paper and only make a perturbation smaller.
 *
 * @param steps gradients an example, at least 1
 * @param gamma γ, share by which the length changes in a step
 * @param firstLength the first length, in pixel units
 */
@Named(value = "ddn", help = "smallest L2 perturbation: direction and length apart (Rony et al. 2019)")
public record DecoupledDirectionNorm(
        @Parameter(value = "gradients an image", min = 1) int steps,

        @Parameter(value = "share by which the length changes in a step", above = 0, below = 1)
        double gamma,

        @Parameter(value = "the first length, in pixel units", above = 0)
        double firstLength)
        implements MinimumAttack {
    /** Of the paper: the length of a step falls to this share in half a cosine. */
    private static final double LAST_STEP = 0.01;

    private static final int LINE_SEARCH = 3;

    /** Rejects settings outside their ranges. */
    public DecoupledDirectionNorm {
        Declared.check(DecoupledDirectionNorm.class, steps, gamma, firstLength);
    }

    /** The paper's settings: 100 steps, γ 0.05, from length 1. */
    public DecoupledDirectionNorm() {
        this(100, 0.05, 1);
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.L2);
    }

    @Override
    public Smallest minimise(Problem problem, double enough, Draws draws) {
        try (var scope = Scope.withoutGradients()) {
            SmallestSoFar smallest = new SmallestSoFar(problem, enough);
            Tensor delta = problem.pixels().zerosLike();
            Tensor longest = Norm.L2.length(problem.high().max(problem.low().neg()));
            Tensor length = longest.zerosLike().add(firstLength).min(longest);
            smallest.repeat(steps, (here, rows, i) -> {
                Tensor at = rows.of(delta);
                Problem.Slope slope = here.slope(at, AttackLoss.CROSS_ENTROPY);
                smallest.offer(rows, at, slope.met());
                Tensor now = rows.of(length);
                Tensor next = now.mul(1 - gamma)
                        .where(slope.met(), now.mul(1 + gamma))
                        .min(rows.of(longest));
                Tensor direction = orRandom(PerExample.unit(slope.gradient()), rows.of(draws));
                Tensor moved = at.add(direction.mul(Annealed.cosine(1, LAST_STEP, i, steps)));
                rows.put(length, next);
                rows.put(
                        delta,
                        PerExample.unit(moved)
                                .mul(PerExample.broadcast(next, moved))
                                .clamp(here.low(), here.high()));
            });
            smallest.shorten(LINE_SEARCH);
            smallest.refine();
            return smallest.result(scope);
        }
    }

    /** Where the gradient is zero, as for a model that is sure in single precision, a random direction. */
    private static Tensor orRandom(Tensor direction, Draws draws) {
        Tensor without = PerExample.max(direction.abs()).gt(0).not().nonzero();
        if (without.count() == 0) {
            return direction;
        }
        Tensor noise = draws.select(without).normal(direction.indexSelect(0, without));
        return direction.copy().indexCopyInPlace(0, without, PerExample.unit(noise));
    }
}
