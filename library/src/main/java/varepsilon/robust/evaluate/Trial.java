package varepsilon.robust.evaluate;

import java.util.Objects;
import java.util.function.IntUnaryOperator;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Criterion;
import varepsilon.robust.attack.ThreatModel;

/**
 * An attack, what it may do and what it is to reach.
 *
 * @param attack the search
 * @param threat within what
 * @param criterion to what end
 * @param classes from the label of an example to the class that the criterion is about: itself, or a target
 */
public record Trial(Attack attack, ThreatModel threat, Criterion criterion, IntUnaryOperator classes) {
    // One object, so that two untargeted trials can be equal.
    private static final IntUnaryOperator LABEL = IntUnaryOperator.identity();

    /** Refuses nulls. */
    public Trial {
        Objects.requireNonNull(attack, "attack");
        Objects.requireNonNull(threat, "threat");
        Objects.requireNonNull(criterion, "criterion");
        Objects.requireNonNull(classes, "classes");
    }

    /** Any wrong class will do. */
    public static Trial untargeted(Attack attack, ThreatModel threat) {
        return new Trial(attack, threat, Criterion.untargeted(), LABEL);
    }

    /** The true class is to lose by more than {@code kappa} logits. */
    public static Trial margin(Attack attack, ThreatModel threat, double kappa) {
        return new Trial(attack, threat, Criterion.margin(kappa), LABEL);
    }

    /** The prediction is to be a certain class, chosen by the label; where that is the label, nothing is tried. */
    public static Trial targeted(Attack attack, ThreatModel threat, IntUnaryOperator wanted) {
        return new Trial(attack, threat, Criterion.targeted(), wanted);
    }

    /** The same with another ε. */
    public Trial withEpsilon(double epsilon) {
        return new Trial(attack, threat.withEpsilon(epsilon), criterion, classes);
    }

    /** Whether another attack was to reach the same within the same limits, so that the two can be compared. */
    boolean hasGoalOf(Trial other) {
        return threat.equals(other.threat) && criterion.equals(other.criterion) && classes.equals(other.classes);
    }

    /** Its attack, norm and ε in a line: {@code pgd linf 0.0314}. */
    public String label() {
        return attack.name() + " " + threat.norm().label() + " " + Numbers.shortest(threat.epsilon());
    }
}
