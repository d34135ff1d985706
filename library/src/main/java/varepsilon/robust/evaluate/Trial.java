package varepsilon.robust.evaluate;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import varepsilon.data.Batch;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Criterion;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/**
 * An attack with its threat model and criterion.
 *
 * @param attack the attack
 * @param threat the allowed perturbations
 * @param criterion when it succeeds
 * @param classes from the label of an example to the class that the criterion is about: itself, or a target
 */
public record Trial(Attack attack, ThreatModel threat, Criterion criterion, IntUnaryOperator classes) {
    // One object, so that two untargeted trials can be equal.
    private static final IntUnaryOperator LABEL = IntUnaryOperator.identity();

    /** Rejects nulls. */
    public Trial {
        Objects.requireNonNull(attack, "attack");
        Objects.requireNonNull(threat, "threat");
        Objects.requireNonNull(criterion, "criterion");
        Objects.requireNonNull(classes, "classes");
    }

    /** Untargeted: any misclassification is a success. */
    public static Trial untargeted(Attack attack, ThreatModel threat) {
        return new Trial(attack, threat, Criterion.untargeted(), LABEL);
    }

    /** Success needs another logit to exceed that of the true class by more than {@code kappa}. */
    public static Trial margin(Attack attack, ThreatModel threat, double kappa) {
        return new Trial(attack, threat, Criterion.margin(kappa), LABEL);
    }

    /**
     * Success is the prediction of a target class, chosen by the label; where that is the label, the example is not
     * attacked.
     */
    public static Trial targeted(Attack attack, ThreatModel threat, IntUnaryOperator targets) {
        return new Trial(attack, threat, Criterion.targeted(), targets);
    }

    /** The same with another ε. */
    public Trial withEpsilon(double epsilon) {
        return new Trial(attack, threat.withEpsilon(epsilon), criterion, classes);
    }

    /** Whether another trial has the same threat model and criterion, so that the two can be compared. */
    boolean hasGoalOf(Trial other) {
        return threat.equals(other.threat) && criterion.equals(other.criterion) && classes.equals(other.classes);
    }

    /** INT64 N: the classes that the criterion is about, for the images of a batch. */
    Tensor targets(Batch batch, Device device) {
        long[] targets = Arrays.stream(batch.labels().toLongs())
                .map(label -> classes.applyAsInt(Math.toIntExact(label)))
                .toArray();
        return Tensor.of(targets, targets.length).to(device);
    }

    /** Its attack, norm and ε in a line: {@code pgd linf 0.0314}. */
    public String label() {
        return attack.name() + " " + threat.norm().label() + " " + Numbers.shortest(threat.epsilon());
    }
}
