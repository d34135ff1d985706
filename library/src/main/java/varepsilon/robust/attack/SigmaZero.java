package varepsilon.robust.attack;

import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * σ-zero (Cinà et al. 2025, "σ-zero: Gradient-based Optimization of ℓ0-norm Adversarial Examples"): Adam on the hinge
 * of the margin plus the mean of δ² / (δ² + σ), a smooth count of the changed values, with gradients scaled to a
 * largest value of 1. After each step, values below a threshold τ are set to zero; τ rises where the criterion is met
 * and falls where it is not. At the end the fewest values that cross the linearised boundary are tried, which is an
 * addition to the paper and only makes a perturbation smaller.
 *
 * @param steps gradients an example, at least 1
 * @param sigma σ, the scale below which a value counts as unchanged
 * @param learningRate of Adam; it falls to a tenth in half a cosine
 * @param threshold τ at the beginning, in pixel units
 * @param rate by which share of the step size τ changes in a step
 */
@Named(value = "sigma-zero", help = "fewest changed values, by a smooth count of them (Cina et al. 2025)")
public record SigmaZero(
        @Parameter(value = "gradients an image", min = 1) int steps,

        @Parameter(value = "square of the change that counts as half a value", above = 0)
        double sigma,

        @Parameter(value = "the first step of Adam, in pixel units", above = 0)
        double learningRate,

        @Parameter(value = "change below which a value is reset, at the beginning", min = 0, max = 1)
        double threshold,

        @Parameter(value = "change of that threshold in a step, as a share of the step", min = 0)
        double rate)
        implements MinimumAttack {
    /** Of the paper. */
    private static final double LAST_STEP = 0.1;

    /** Rejects settings outside their ranges. */
    public SigmaZero {
        Declared.check(SigmaZero.class, steps, sigma, learningRate, threshold, rate);
    }

    /** The paper's settings: 1000 steps, σ 0.001, step size 1, τ 0.3 and t 0.01. */
    public SigmaZero() {
        this(1000, 1e-3, 1, 0.3, 0.01);
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.L0);
    }

    @Override
    public Smallest minimise(Problem problem, double enough, Draws draws) {
        try (var scope = Scope.withoutGradients()) {
            SmallestSoFar smallest = new SmallestSoFar(problem, enough);
            Tensor delta = problem.pixels().zerosLike();
            AdamSteps adam = new AdamSteps(delta);
            Tensor tau = PerExample.sum(delta).add(threshold);
            double[] size = {learningRate};
            smallest.repeat(steps, (here, rows, i) -> {
                Tensor at = rows.of(delta);
                Problem.Slope slope = here.slope(at, AttackLoss.MARGIN);
                smallest.offer(rows, at, slope.met());
                Tensor descent = PerExample.rescaled(gradient(at, slope, here.criterion()));
                Tensor moved = at.add(adam.next(rows, descent, i).mul(size[0])).clamp(here.low(), here.high());
                size[0] = Annealed.cosine(learningRate, learningRate * LAST_STEP, i, steps);
                Tensor change = slope.met().to(at.dtype()).mul(2).sub(1).mul(rate * size[0]);
                Tensor limit = rows.of(tau).add(change).clamp(0, 1);
                rows.put(tau, limit);
                Tensor small = moved.abs().lt(PerExample.broadcast(limit, moved));
                rows.put(delta, moved.zerosLike().where(small, moved));
            });
            smallest.refine();
            return smallest.result(scope);
        }
    }

    /** Of max(0, −excess) + mean δ² / (δ² + σ). */
    private Tensor gradient(Tensor at, Problem.Slope slope, Criterion criterion) {
        double values = (double) at.count() / at.size(0);
        Tensor square = at.square();
        Tensor count = at.mul(2 * sigma / values).div(square.add(sigma).square());
        Tensor unmet = slope.loss()
                .sub(criterion.threshold())
                .neg()
                .gt(0)
                .to(DType.FLOAT64)
                .to(at.dtype());
        return count.sub(slope.gradient().mul(PerExample.broadcast(unmet, at)));
    }
}
