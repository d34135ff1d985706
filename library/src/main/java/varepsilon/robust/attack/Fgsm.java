package varepsilon.robust.attack;

import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Tensor;

/**
 * The fast gradient sign method (Goodfellow et al. 2015): one gradient, and from it the perturbation that would be best if
 * the loss were linear. In L∞ that is ε·sign ∇; in the other norms its counterpart inside ball and box.
 *
 * @param loss what is raised
 */
@Named(value = "fgsm", help = "one step of full size along the gradient's sign (Goodfellow et al. 2015)")
public record Fgsm(
        @Parameter("what is raised: cross-entropy, exact-cross-entropy (the same in double precision) or margin")
        AttackLoss loss)
        implements GradientAttack {
    /** Raises the cross-entropy. */
    public Fgsm() {
        this(AttackLoss.CROSS_ENTROPY);
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        return problem.maximise(
                problem.slope(problem.pixels().zerosLike(), loss).gradient());
    }
}
