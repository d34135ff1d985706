package varepsilon.robust.attack;

/** What an attack uses of a classifier, from nothing to everything. */
public enum Knowledge {
    /** Nothing: noise, the control of every attack. */
    NOTHING,
    /** The predicted class alone (decision-based). */
    LABELS,
    /** The logits (score-based). */
    SCORES,
    /** The logits and their gradients with respect to the pixels (white-box). */
    GRADIENTS;

    /** Whether it works on any function from pixels to scores or labels, differentiable or not. */
    public boolean isBlackBox() {
        return this == LABELS || this == SCORES;
    }
}
