package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/**
 * A search for perturbations. Attacks are values: they hold settings, never a model or state, and are safe to share. To
 * measure a model, run one through {@link AttackRun}, which checks what goes in and what comes out.
 */
public interface Attack {
    /** Its name in reports. */
    String name();

    /**
     * Perturbations for all examples of a problem. The caller has put the classifier in the mode that it wants.
     *
     * @param draws random starts and noise come from here alone
     * @return δ, shaped as the problem's pixels, inside its threat model up to rounding; without gradient history
     */
    Tensor perturb(Problem problem, Draws draws);
}
