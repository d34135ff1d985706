package varepsilon.robust.attack;

/** An attack that follows the gradient of a loss. */
public interface GradientAttack extends Attack {
    /** What it raises. */
    AttackLoss loss();

    /**
     * The gradients that it follows from one start. A network that is trained against a single one may learn to defeat just
     * that (catastrophic overfitting, Wong et al. 2020).
     */
    default int steps() {
        return 1;
    }
}
