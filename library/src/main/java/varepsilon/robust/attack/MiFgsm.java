package varepsilon.robust.attack;

import java.util.OptionalDouble;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Tensor;

/**
 * The momentum iterative fast gradient sign method (Dong et al. 2018): steps of ε / steps from the image itself along a
 * decayed sum of normalised gradients, which transfers better to other models.
 *
 * @param steps gradients an example, at least 1
 * @param momentum share of the sum that a step keeps; 1 in the paper
 * @param loss the loss that is maximised
 */
@Named(value = "mi-fgsm", help = "steps of eps / steps along a sum of gradients (Dong et al. 2018)")
public record MiFgsm(
        @Parameter(value = "gradients an image", min = 1) int steps,

        @Parameter(value = "share of the summed gradients that a step keeps", min = 0)
        double momentum,

        @Parameter(AttackLoss.HELP) AttackLoss loss)
        implements GradientAttack {
    /** Rejects settings outside their ranges. */
    public MiFgsm {
        Declared.check(MiFgsm.class, steps, momentum, loss);
    }

    /** The paper's momentum, 1, in 10 steps. */
    public MiFgsm() {
        this(10, 1, AttackLoss.CROSS_ENTROPY);
    }

    /** The paper's momentum, 1. */
    public static MiFgsm ofSteps(int steps) {
        return new MiFgsm(steps, 1, AttackLoss.CROSS_ENTROPY);
    }

    @Override
    public OptionalDouble firstStep(double epsilon) {
        return OptionalDouble.of(epsilon / steps);
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return new GradientAscent(steps, StepSize.relative(1.0 / steps), momentum, loss)
                .from(problem.pixels().zerosLike(), problem);
    }
}
