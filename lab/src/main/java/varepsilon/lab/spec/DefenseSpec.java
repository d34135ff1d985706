package varepsilon.lab.spec;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Parameter;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.defense.AdversarialLoss;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.Defense;
import varepsilon.robust.defense.StandardTraining;

/**
 * A defence and its adversary.
 *
 * @param method with its parameters
 * @param attack what perturbs the training images, or none; a method with steps of its own takes its norm and ε alone
 * @param attackMode {@code evaluation} or {@code training}: how batch normalisation behaves during the attack
 * @param epsWarmup epochs over which ε grows from 0, 0 for none
 * @param defects of the published experiment that this training is to have, by name
 */
public record DefenseSpec(
        @Flattened("name") @JsonProperty("name") Defense method,
        AttackSpec attack,

        @Parameter(
                value = "how batch normalisation behaves while training images are perturbed",
                oneOf = {"evaluation", "training"})
        String attackMode,

        @Parameter(value = "epochs over which eps grows from 0", min = 0)
        double epsWarmup,

        List<String> defects) {
    private static final Family<Defense> DEFENSES = Family.of(Defense.class);

    /** Rejects values outside their ranges. */
    public DefenseSpec {
        Declared.check(DefenseSpec.class, method, attack, attackMode, epsWarmup, defects);
        boolean attacks = method.uses() != Defense.Uses.NOTHING;
        if (attacks != attack.present()) {
            throw new InputException("attack " + attack.name() + ": expected "
                    + (attacks
                            ? "one of "
                                    + String.join(", ", Family.of(Attack.class).names()) + ", for the defense "
                                    + method.name()
                            : "none: the defense " + method.name() + " has no adversary"));
        }
        if (!attacks && !defects.isEmpty()) {
            throw new InputException("defects " + String.join(", ", defects) + ": expected none without an adversary");
        }
        if (method.uses() == Defense.Uses.ATTACK) {
            Adversary.requireForTraining("attack", attack.attack());
            method.requireUsable(attack.attack());
        }
        defects = List.copyOf(defects);
    }

    /** A defence with attacks in evaluation mode, at full ε from the first epoch. */
    public DefenseSpec(Defense method, AttackSpec attack) {
        this(method, attack, "evaluation", 0, List.of());
    }

    /** No defence. */
    public static DefenseSpec standard() {
        return new DefenseSpec(new StandardTraining.Choice(), AttackSpec.none());
    }

    /** Trains on α·CE(x) + (1 − α)·CE(x_adv). */
    public static DefenseSpec adversarialLoss(AttackSpec attack, double alpha) {
        return new DefenseSpec(new AdversarialLoss.Choice(alpha), attack);
    }

    /** The name of the method. */
    public String name() {
        return method.name();
    }

    /** The text of the method: {@code trades:beta=1}. */
    public String label() {
        return DEFENSES.text(method);
    }

    /** The mode of the classifier during the attack. */
    public Adversary.Mode mode() {
        return attackMode.equals("training") ? Adversary.Mode.TRAINING : Adversary.Mode.EVALUATION;
    }

    /** Whether it trains against single-step attacks, which risks catastrophic overfitting. */
    public boolean isSingleStep() {
        return attack.present() && method.isSingleStep(attack.attack());
    }
}
