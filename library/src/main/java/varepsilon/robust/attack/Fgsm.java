package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/**
 * The fast gradient sign method (Goodfellow et al. 2015): one gradient, and from it the perturbation that would be best if
 * the loss were linear. In L∞ that is ε·sign ∇; in the other norms its counterpart inside ball and box.
 *
 * @param loss what is raised
 */
public record Fgsm(AttackLoss loss) implements Attack {
    /** Raises the cross-entropy. */
    public Fgsm() {
        this(AttackLoss.CROSS_ENTROPY);
    }

    @Override
    public String name() {
        return "fgsm";
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return problem.maximise(
                problem.slope(problem.pixels().zerosLike(), loss).gradient());
    }
}
