package varepsilon.robust.attack;

import java.util.OptionalDouble;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Tensor;

/**
 * The Nesterov iterative fast gradient sign method (Lin et al. 2020): as {@link MiFgsm}, with each gradient taken where
 * the momentum alone would lead.
 *
 * @param steps gradients an example, at least 1
 * @param momentum share of the sum that a step keeps; 1 in the paper
 * @param loss the loss that is maximised
 */
@Named(value = "ni-fgsm", help = "mi-fgsm with gradients taken where its momentum leads (Lin et al. 2020)")
public record NiFgsm(
        @Parameter(value = "gradients an image", min = 1) int steps,

        @Parameter(value = "share of the summed gradients that a step keeps", min = 0)
        double momentum,

        @Parameter(AttackLoss.HELP) AttackLoss loss)
        implements GradientAttack {
    /** Rejects settings outside their ranges. */
    public NiFgsm {
        Declared.check(NiFgsm.class, steps, momentum, loss);
    }

    /** The paper's momentum, 1, in 10 steps. */
    public NiFgsm() {
        this(10, 1, AttackLoss.CROSS_ENTROPY);
    }

    @Override
    public OptionalDouble firstStep(double epsilon) {
        return OptionalDouble.of(epsilon / steps);
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        double ahead = problem.threat().epsilon() / steps * momentum;
        return new GradientAscent(steps, StepSize.relative(1.0 / steps), momentum, loss)
                .from(
                        problem.pixels().zerosLike(),
                        problem,
                        (here, delta, sum, rows) -> GradientAscent.Gradient.elsewhere(
                                here, delta, here.probe().slope(delta.add(sum.mul(ahead)), loss)));
    }
}
