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
 * @param steps gradients an image, at least 1, each of the classifier and of the VAE
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
            Tensor delta = problem.sample(draws).copy();
            Tensor best = delta.copy();
            try (var scope = Scope.withoutGradients()) {
                Tensor least = delta.flatten(1).sum(1).zerosLike().add(Double.POSITIVE_INFINITY);
                for (int i = 0; i < steps; i++) {
                    // A scope for each step, so that memory does not grow with their number.
                    try (var step = Scope.withoutGradients()) {
                        Problem.Slope slope = problem.slope(delta, AttackLoss.CROSS_ENTROPY);
                        SurrogateBits bits =
                                SurrogateBits.of(vae, problem.pixels().add(delta));
                        keepBetter(delta, bits.values(), slope.met(), best, least);
                        Tensor direction = bits.gradient().neg().where(perImage(slope.met()), slope.gradient());
                        double size = STEP_SIZE.of(problem.threat().epsilon(), i, steps);
                        delta.copyInPlace(problem.explore(delta, direction, size));
                    }
                }
                SurrogateBits bits = SurrogateBits.of(vae, problem.pixels().add(delta));
                keepBetter(delta, bits.values(), problem.isMet(delta), best, least);
                // What was never misclassified is where it ended.
                Tensor ever = least.lt(Double.POSITIVE_INFINITY);
                best.copyInPlace(best.where(perImage(ever), delta));
            }
            return best;
        });
    }

    /** Takes over the perturbations that are misclassified with fewer bits than the best so far. */
    private static void keepBetter(Tensor delta, Tensor bits, Tensor met, Tensor best, Tensor least) {
        Tensor isBetter = bits.lt(least).and(met);
        best.copyInPlace(delta.where(perImage(isBetter), best));
        least.copyInPlace(bits.where(isBetter, least));
    }

    private static Tensor perImage(Tensor values) {
        return values.reshape(-1, 1, 1, 1);
    }
}
