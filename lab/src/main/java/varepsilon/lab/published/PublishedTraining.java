package varepsilon.lab.published;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.lab.run.TrainingDefects;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.ClassifierObjective;

/** Trainings with the defects of the published experiment. */
public final class PublishedTraining implements TrainingDefects {
    @Override
    public void requireKnown(List<String> names) {
        names.stream()
                .filter(name -> !Defect.namesInTraining().contains(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new InputException(
                            "defect " + name + ": expected " + String.join(", ", Defect.namesInTraining()));
                });
    }

    @Override
    public Attack attack(AttackSpec attack, List<String> names, Normalisation normalisation) {
        return PublishedAttack.isMeantBy(names) ? PublishedAttack.of(attack, names, normalisation) : attack.attack();
    }

    @Override
    public Optional<ClassifierObjective> objective(
            List<String> names,
            NetworkClassifier classifier,
            ClassifierObjective.Settings settings,
            Supplier<Adversary> adversary) {
        return names.contains(Defect.TRAIN_ON_CLEAN.label())
                ? Optional.of(new UnusedAdversary(classifier, settings, adversary.get()))
                : Optional.empty();
    }
}
