package varepsilon.robust.attack;

import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/**
 * The momentum iterative fast gradient sign method (Dong et al. 2018): steps of ε / steps from the image itself along a
 * decayed sum of normalised gradients, which transfers better to other models.
 *
 * @param steps gradients an example, at least 1
 * @param decay share of the sum that a step keeps; 1 in the paper
 * @param loss what is raised
 */
public record MiFgsm(int steps, double decay, AttackLoss loss) implements Attack {
    /** Refuses settings that make no sense. */
    public MiFgsm {
        if (steps < 1) {
            throw new InputException("steps " + steps + ": expected at least 1");
        }
        if (!(decay >= 0) || Double.isInfinite(decay)) {
            throw new InputException("decay " + decay + ": expected a number of at least 0");
        }
    }

    /** The paper's settings: decay 1. */
    public static MiFgsm ofSteps(int steps) {
        return new MiFgsm(steps, 1, AttackLoss.CROSS_ENTROPY);
    }

    @Override
    public String name() {
        return "mi-fgsm";
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return new GradientAscent(steps, StepSize.relative(1.0 / steps), decay, loss)
                .from(problem.pixels().zerosLike(), problem);
    }
}
