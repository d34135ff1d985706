package varepsilon.robust.attack;

/** An attack that follows the gradient of a loss. */
public interface GradientAttack extends Attack {
    /** The loss that it maximises. */
    AttackLoss loss();

    /**
     * The number of gradient steps from one start. Adversarial training against a single step may overfit to that
     * attack (catastrophic overfitting, Wong et al. 2020).
     */
    int steps();
}
