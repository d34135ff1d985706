package varepsilon.robust.attack;

/** An attack that follows the gradient of a loss. */
public interface GradientAttack extends Attack {
    /** The loss that it maximises. */
    AttackLoss loss();

    /** Three for the DLR loss, which is about the three largest logits. */
    @Override
    default int leastClasses() {
        return loss().equals(AttackLoss.DLR) ? 3 : 2;
    }

    /**
     * The number of gradient steps from one start. Adversarial training against a single step may overfit to that
     * attack (catastrophic overfitting, Wong et al. 2020).
     */
    int steps();
}
