package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/**
 * One step of ascent from a random point of the ball (Wong, Rice, Kolter 2020, "Fast is better than free").
 *
 * @param stepSize length of the step; 1.25 ε in the paper
 * @param loss what is raised
 */
public record RandomStartFgsm(StepSize stepSize, AttackLoss loss) implements Attack {
    /** The paper's settings. */
    public RandomStartFgsm() {
        this(StepSize.relative(1.25), AttackLoss.CROSS_ENTROPY);
    }

    @Override
    public String name() {
        return "fgsm-rs";
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return new GradientAscent(1, stepSize, 0, loss).from(problem.sample(draws), problem);
    }
}
