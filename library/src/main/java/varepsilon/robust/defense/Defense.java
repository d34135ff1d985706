package varepsilon.robust.defense;

import java.util.Optional;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.ImageShape;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.GradientAttack;

/**
 * The choice of a way of training a classifier, with its parameters. A new one is a {@link ClassifierObjective} in a
 * file of its own, with a record {@code Choice} in it that is registered as {@link Family} says.
 */
@Named(value = "defense", help = "a way of training a classifier")
public interface Defense {
    /** Which parts of an adversary a defence uses. */
    enum Uses {
        /** None: it trains on unperturbed images alone. */
        NOTHING,
        /** The threat model alone: the defence takes its own steps. */
        THREAT_MODEL,
        /** An attack in its threat model. */
        ATTACK
    }

    /** Its name in configurations and reports. */
    default String name() {
        return Family.nameOf(this);
    }

    /** Which parts of an adversary a defence uses. */
    Uses uses();

    /** Whether ε grows from 0 over the epochs of a warm-up, where one is chosen. */
    default boolean warmsUp() {
        return uses() == Uses.ATTACK;
    }

    /**
     * The measurement of held-out images by which it would have the best weights chosen; empty for robust accuracy
     * where an attack measures it, else clean accuracy.
     */
    default Optional<String> monitored() {
        return Optional.empty();
    }

    /**
     * Rejects an attack that it cannot train against.
     *
     * @throws InputException saying which it takes
     */
    default void requireUsable(Attack attack) {}

    /** Whether it trains against single-step attacks, which risks catastrophic overfitting. */
    default boolean isSingleStep(Attack attack) {
        return attack instanceof GradientAttack gradient && gradient.steps() == 1;
    }

    /** The training objective; the caller closes it. */
    ClassifierObjective objective(Training training);

    /**
     * The context of a training.
     *
     * @param classifier that is trained
     * @param settings that all objectives share
     * @param adversary the adversary of the training; null where the defence uses none
     * @param batchSize images in the largest batch
     * @param images their shape
     */
    record Training(
            NetworkClassifier classifier,
            ClassifierObjective.Settings settings,
            Adversary adversary,
            int batchSize,
            ImageShape images) {}
}
