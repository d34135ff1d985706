package varepsilon.robust.defense;

import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.ImageShape;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.GradientAttack;

/**
 * The choice of a way of training a classifier, with its parameters. A new one is a {@link ClassifierObjective} in a file of
 * its own, with a record {@code Choice} in it that is registered as {@link Family} says.
 */
@Named(value = "defense", help = "a way of training a classifier")
public interface Defense {
    /** What of an adversary it uses. */
    enum Uses {
        /** Nothing: it sees no perturbed image. */
        NOTHING,
        /** The norm and ε alone: it has steps of its own. */
        THREAT_MODEL,
        /** An attack in its threat model. */
        ATTACK
    }

    /** Its name on the command line and in reports. */
    default String name() {
        return Family.nameOf(this);
    }

    /** What of an adversary it uses. */
    Uses uses();

    /**
     * Refuses an attack that it cannot train against.
     *
     * @throws InputException saying which it takes
     */
    default void requireUsable(Attack attack) {}

    /** Whether it trains against single steps, which a network may learn to defeat and nothing else. */
    default boolean isSingleStep(Attack attack) {
        return attack instanceof GradientAttack gradient && gradient.steps() == 1;
    }

    /** The objective that does it; the caller closes it. */
    ClassifierObjective objective(Training training);

    /**
     * What a training has.
     *
     * @param classifier that is trained
     * @param settings that all objectives share
     * @param adversary who perturbs its images; null where the defence uses none
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
