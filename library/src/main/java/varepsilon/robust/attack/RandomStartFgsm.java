package varepsilon.robust.attack;

import java.util.OptionalDouble;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Tensor;

/**
 * One step of ascent from a random point of the ball (Wong, Rice, Kolter 2020, "Fast is better than free").
 *
 * @param stepSize length of the step; 1.25 ε in the paper
 * @param loss the loss that is maximised
 */
@Named(value = "fgsm-rs", help = "one step from a random point of the ball (Wong, Rice, Kolter 2020)")
public record RandomStartFgsm(
        @Parameter("length of the step in pixel units, as 2/255; or in eps, as 1.25eps")
        StepSize stepSize,

        @Parameter(AttackLoss.HELP) AttackLoss loss)
        implements GradientAttack {
    /** The paper's settings. */
    public RandomStartFgsm() {
        this(StepSize.relative(1.25), AttackLoss.CROSS_ENTROPY);
    }

    @Override
    public OptionalDouble firstStep(double epsilon) {
        return OptionalDouble.of(stepSize.of(epsilon, 0, 1));
    }

    @Override
    public int steps() {
        return 1;
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return new GradientAscent(1, stepSize, 0, loss).from(problem.sample(draws), problem);
    }
}
