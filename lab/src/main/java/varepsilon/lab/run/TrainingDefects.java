package varepsilon.lab.run;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.ClassifierObjective;

/** What the names under {@code defense.defects} change in the training of a classifier. */
@FunctionalInterface
public interface TrainingDefects {
    /** No defects: every name is rejected. */
    TrainingDefects NONE = names -> {
        if (!names.isEmpty()) {
            throw new InputException("defect " + names.get(0) + ": expected none");
        }
    };

    /**
     * Rejects names that are not known.
     *
     * @throws InputException naming the first of them
     */
    void requireKnown(List<String> names);

    /**
     * The attack on the training images.
     *
     * @param normalisation of the classifier that is trained
     */
    default Attack attack(AttackSpec attack, List<String> names, Normalisation normalisation) {
        return attack.attack();
    }

    /** The objective in place of the defence's own; empty where that is kept. */
    default Optional<ClassifierObjective> objective(
            List<String> names,
            NetworkClassifier classifier,
            ClassifierObjective.Settings settings,
            Supplier<Adversary> adversary) {
        return Optional.empty();
    }
}
