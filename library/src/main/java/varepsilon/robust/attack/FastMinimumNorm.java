package varepsilon.robust.attack;

import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The fast minimum-norm attack (Pintor et al. 2021, "Fast Minimum-norm Adversarial Attacks through Adaptive Norm
 * Constraints"): steps along the gradient of the margin loss, projected to a ball whose radius falls where the
 * criterion is met and rises where it is not. Until it is met for the first time, the radius is the distance at which a
 * linear loss would meet it. Each projection is the exact one onto ball and box. A line search and the nearest point of
 * the linearised boundary end the search; both are additions to the paper and only make a perturbation smaller.
 *
 * @param steps gradients an example, at least 1
 * @param alpha α, Euclidean length of the first step, which falls to a hundredth of it in half a cosine
 * @param gamma γ, share by which the radius changes in the first step, which falls to a fiftieth of it likewise
 */
@Named(value = "fmn", help = "smallest perturbation, in a ball whose radius adapts (Pintor et al. 2021)")
public record FastMinimumNorm(
        @Parameter(value = "gradients an image", min = 1) int steps,

        @Parameter(value = "Euclidean length of the first step, in pixel units", above = 0)
        double alpha,

        @Parameter(value = "share by which the radius changes in the first step", above = 0, below = 1)
        double gamma)
        implements MinimumAttack {
    /** Of the paper: α falls to this share, and γ from 0.05 to 0.001. */
    private static final double LAST_STEP = 0.01;

    private static final double LAST_GAMMA = 0.02;
    private static final int LINE_SEARCH = 3;

    /** Rejects settings outside their ranges. */
    public FastMinimumNorm {
        Declared.check(FastMinimumNorm.class, steps, alpha, gamma);
    }

    /** The paper's α of 1 and γ of 0.05, in 100 steps. */
    public FastMinimumNorm() {
        this(100, 1, 0.05);
    }

    @Override
    public Smallest minimise(Problem problem, double enough, Draws draws) {
        Norm norm = problem.threat().norm();
        try (var scope = Scope.withoutGradients()) {
            SmallestSoFar smallest = new SmallestSoFar(problem, enough);
            Tensor delta = problem.pixels().zerosLike();
            Tensor longest = norm.length(problem.high().max(problem.low().neg()));
            Tensor radius = longest.zerosLike().add(norm.equals(Norm.L0) ? 1 : Double.POSITIVE_INFINITY);
            smallest.repeat(steps, (here, rows, i) -> {
                Tensor at = rows.of(delta);
                Problem.Slope slope = here.slope(at, AttackLoss.MARGIN);
                smallest.offer(rows, at, slope.met());
                double change = Annealed.cosine(gamma, gamma * LAST_GAMMA, i, steps);
                Tensor best = smallest.size(rows).to(at.dtype());
                Tensor next = (norm.equals(Norm.L0)
                                ? counted(rows.of(radius), slope.met(), best, change)
                                : adapted(rows.of(radius), at, slope, here.criterion(), norm, best, change))
                        .min(rows.of(longest));
                double step = Annealed.cosine(alpha, alpha * LAST_STEP, i, steps);
                Tensor moved = at.add(PerExample.unit(slope.gradient()).mul(step));
                rows.put(radius, next);
                rows.put(delta, norm.project(moved, next, here.low(), here.high()));
            });
            smallest.shorten(LINE_SEARCH);
            smallest.refine();
            return smallest.result(scope);
        }
    }

    private static Tensor adapted(
            Tensor radius, Tensor at, Problem.Slope slope, Criterion criterion, Norm norm, Tensor best, double change) {
        Tensor smaller = radius.mul(1 - change).min(best);
        Tensor found = best.lt(best.zerosLike().add(Double.POSITIVE_INFINITY));
        Tensor excess = slope.loss().sub(criterion.threshold()).abs();
        Tensor estimate = norm.length(at).add(excess.div(floor(dual(norm, slope.gradient()))));
        return smaller.where(slope.met(), radius.mul(1 + change).where(found, estimate));
    }

    /** Without a gradient the estimate is far away, not infinite times zero. */
    private static Tensor floor(Tensor length) {
        return length.max(length.zerosLike().add(1e-12));
    }

    /** In L0: whole numbers, which change by one at least. */
    private static Tensor counted(Tensor radius, Tensor met, Tensor best, double change) {
        Tensor smaller = radius.sub(1).min(floored(radius.mul(1 - change))).min(best);
        Tensor larger = radius.add(1).max(floored(radius.mul(1 + change)));
        return smaller.where(met, larger).relu();
    }

    private static Tensor floored(Tensor radius) {
        return radius.to(DType.INT64).to(radius.dtype());
    }

    /** The largest ⟨gradient, δ⟩ at size 1. */
    private static Tensor dual(Norm norm, Tensor gradient) {
        return switch (norm.label()) {
            case "linf" -> Norm.L1.length(gradient);
            case "l2" -> Norm.L2.length(gradient);
            default -> Norm.LINF.length(gradient);
        };
    }
}
