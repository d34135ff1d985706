package varepsilon.lab.spec;

import java.util.List;
import java.util.function.IntUnaryOperator;
import varepsilon.base.InputException;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.Trial;

/** The goal of an attack. */
public sealed interface AttackGoal {
    /** A short name for reports. */
    String label();

    /** The attack with this goal. */
    Trial trial(Attack attack, ThreatModel threat);

    /** Untargeted: any misclassification. */
    record Untargeted() implements AttackGoal {
        @Override
        public String label() {
            return "untargeted";
        }

        @Override
        public Trial trial(Attack attack, ThreatModel threat) {
            return Trial.untargeted(attack, threat);
        }
    }

    /**
     * Another logit is to exceed that of the true class by more than a margin.
     *
     * @param kappa in logits
     */
    record Margin(double kappa) implements AttackGoal {
        /** Rejects what is not a positive number. */
        public Margin {
            if (!(kappa > 0) || Double.isInfinite(kappa)) {
                throw new InputException("margin " + kappa + ": expected a positive number of logits");
            }
        }

        @Override
        public String label() {
            return "margin " + kappa;
        }

        @Override
        public Trial trial(Attack attack, ThreatModel threat) {
            return Trial.margin(attack, threat, kappa);
        }
    }

    /**
     * The prediction is to be one class, whatever the image shows.
     *
     * @param target the class
     * @param name its name
     */
    record Target(int target, String name) implements AttackGoal, IntUnaryOperator {
        @Override
        public int applyAsInt(int label) {
            return target;
        }

        @Override
        public String label() {
            return "target " + name;
        }

        @Override
        public Trial trial(Attack attack, ThreatModel threat) {
            return Trial.targeted(attack, threat, this);
        }
    }

    /**
     * The prediction is to be the class after the true one, after the last the first.
     *
     * @param classes how many there are
     */
    record NextClass(int classes) implements AttackGoal, IntUnaryOperator {
        @Override
        public int applyAsInt(int label) {
            return (label + 1) % classes;
        }

        @Override
        public String label() {
            return "target next";
        }

        @Override
        public Trial trial(Attack attack, ThreatModel threat) {
            return Trial.targeted(attack, threat, this);
        }
    }

    /**
     * The goal of a target given by name.
     *
     * @param named {@code next}, a class by name or number
     * @throws InputException where it is none of these
     */
    static AttackGoal target(String named, List<String> classNames) {
        if (named.equals("next")) {
            return new NextClass(classNames.size());
        }
        int index = classNames.indexOf(named);
        if (index < 0 && named.matches("\\d{1,9}")) {
            index = Integer.parseInt(named);
        }
        if (index < 0 || index >= classNames.size()) {
            throw new InputException("target " + named.replaceAll("\\s+", "_") + ": expected next, a number from 0 to "
                    + (classNames.size() - 1) + ", or one of " + String.join(", ", classNames));
        }
        return new Target(index, classNames.get(index));
    }
}
