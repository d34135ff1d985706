package varepsilon.robust.attack;

import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Tensor;

/**
 * The fast gradient sign method (Goodfellow et al. 2015): one gradient step to the perturbation that maximises the
 * linearised loss. In L∞ that is ε·sign ∇; in the other norms its counterpart inside ball and box.
 *
 * @param loss the loss that is maximised
 */
@Named(value = "fgsm", help = "one step of full size along the gradient's sign (Goodfellow et al. 2015)")
public record Fgsm(@Parameter(AttackLoss.HELP) AttackLoss loss) implements GradientAttack {
    /** Raises the cross-entropy. */
    public Fgsm() {
        this(AttackLoss.CROSS_ENTROPY);
    }

    @Override
    public int steps() {
        return 1;
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return problem.maximise(
                problem.slope(problem.pixels().zerosLike(), loss).gradient());
    }
}
