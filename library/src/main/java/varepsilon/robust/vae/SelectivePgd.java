package varepsilon.robust.vae;

import java.util.OptionalDouble;
import varepsilon.base.InputException;
import varepsilon.generative.Vae;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.StepSize;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * An attack that knows of a detector by a VAE's bits: selective projected gradient descent (Bryniarski et al. 2022). A
 * step raises the classifier's loss where the image is still classified correctly, and lowers its bits where it is not,
 * so that no weight has to be found between the two. Of all steps at which an image was misclassified, the one with the
 * fewest bits is kept.
 *
 * @param vae the detector's model, not a conditional one; it stays the caller's
 * @param steps gradients an image, at least 1
 */
public record SelectivePgd(Vae vae, int steps) implements Attack {
    private static final StepSize STEP_SIZE = StepSize.falling(2);

    /** Rejects fewer steps than one, and a conditional model. */
    public SelectivePgd {
        if (steps < 1) {
            throw new InputException("steps " + steps + ": expected at least 1");
        }
        if (vae.classes() > 0) {
            throw new InputException(
                    "a conditional VAE cannot score images without their class: expected another model");
        }
    }

    @Override
    public String name() {
        return "selective-pgd-" + steps;
    }

    @Override
    public OptionalDouble firstStep(double epsilon) {
        return OptionalDouble.of(STEP_SIZE.of(epsilon, 0, steps));
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return vae.evaluating(() -> {
            try (var scope = Scope.withoutGradients()) {
                Tensor delta = problem.sample(draws);
                Tensor best = null;
                Tensor least = null;
                for (int i = 0; i <= steps; i++) {
                    try (var step = Scope.withoutGradients()) {
                        Problem.Slope slope = problem.slope(delta, AttackLoss.CROSS_ENTROPY);
                        SurrogateBits bits =
                                SurrogateBits.of(vae, problem.pixels().add(delta));
                        Tensor infinite = bits.values().add(Double.POSITIVE_INFINITY);
                        Tensor score = bits.values().where(slope.met(), infinite);
                        Tensor isBetter = least == null ? slope.met() : score.lt(least);
                        best = step.keep(best == null ? delta.copy() : delta.where(perImage(isBetter), best));
                        least = step.keep(least == null ? score : score.min(least));
                        if (i < steps) {
                            Tensor direction = bits.gradient().neg().where(perImage(slope.met()), slope.gradient());
                            double size = STEP_SIZE.of(problem.threat().epsilon(), i, steps);
                            Tensor next = problem.ascend(delta, direction, size);
                            // What was never misclassified goes on, so that its last point is kept.
                            Tensor never = least.lt(Double.POSITIVE_INFINITY).not();
                            best = step.keep(next.where(perImage(never), best));
                            delta = step.keep(next);
                        }
                    }
                }
                return scope.keep(best);
            }
        });
    }

    private static Tensor perImage(Tensor values) {
        return values.reshape(-1, 1, 1, 1);
    }
}
