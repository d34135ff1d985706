package varepsilon.lab.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.Defense;

/** The defence, its adversary, and the attack of validation. */
final class DefenseOptions {
    private static final Family<Attack> ATTACKS = Family.of(Attack.class);
    private static final Family<Defense> DEFENSES = Family.of(Defense.class);
    /** The attack that carries ε and norm of a defence with steps of its own. */
    private static final String FULL_STEP = "fgsm";

    private CommandSpec command;
    private DeclaredOptions methods;
    private DeclaredOptions attacks;
    private DeclaredOptions others;
    private DeclaredOptions checks;

    @Option(
            names = "--norm",
            paramLabel = "NAME",
            defaultValue = "linf",
            description = "linf, l2, l1 or l0 (default: ${DEFAULT-VALUE}).")
    private String norm;

    @Option(
            names = "--eps",
            paramLabel = "X",
            converter = Fraction.class,
            description =
                    "Size of perturbations, in pixel units (default: 8/255 in linf, 0.5 in l2, 12 in l1, 10 in l0).")
    private Double eps;

    @Spec(Spec.Target.MIXEE)
    void addTo(CommandSpec mixee) {
        command = mixee;
        methods = new DeclaredOptions(mixee);
        attacks = new DeclaredOptions(mixee);
        others = new DeclaredOptions(mixee);
        checks = new DeclaredOptions(mixee);
        methods.addMember("--defense", DEFENSES, DefenseSpec.standard().name(), "The defence");
        List.of("alpha", "beta", "replays").forEach(parameter -> methods.addShared("", parameter, DEFENSES));
        attacks.addMember("--attack", ATTACKS, "pgd", "The attack on the training images");
        List.of("steps", "stepSize").forEach(parameter -> attacks.addShared("", parameter, ATTACKS));
        Declared.of(DefenseSpec.standard()).forEach(parameter -> others.add(parameter));
        mixee.addOption(OptionSpec.builder("--check-attack")
                .type(String.class)
                .paramLabel("NAME")
                .description("The attack that measures robust accuracy on held-out and test images, or none"
                        + " (default: pgd; none where --defense is standard).")
                .build());
        checks.addShared("--check-attack", "steps", ATTACKS);
    }

    /** The defence of the options. */
    DefenseSpec defense() {
        Defense method = method();
        requireUseful(method);
        AttackSpec adversary = switch (method.uses()) {
            case NOTHING -> AttackSpec.none();
            case THREAT_MODEL -> AttackSpec.of(FULL_STEP, norm, eps());
            case ATTACK -> new AttackSpec(attack(), norm, eps());
        };
        return Declared.with(new DefenseSpec(method, adversary), others.given());
    }

    private Defense method() {
        return DEFENSES.parse(methods.text("--defense"), methods.given());
    }

    private Attack attack() {
        return ATTACKS.parse(attacks.text("--attack"), attacks.given());
    }

    /** The attack that measures robust accuracy. */
    AttackSpec check() {
        String given = checks.text("--check-attack");
        String text = given != null ? given : method().uses() == Defense.Uses.NOTHING ? AttackSpec.NO_ATTACK : "pgd";
        if (text.equals(AttackSpec.NO_ATTACK)) {
            return AttackSpec.none();
        }
        Attack attack = ATTACKS.parse(text, checks.given());
        Adversary.requireForTraining("checkAttack", attack);
        return new AttackSpec(attack, norm, eps());
    }

    private double eps() {
        return eps == null ? AttackSpec.usualEps(norm) : eps;
    }

    /** Rejects options without effect. */
    private void requireUseful(Defense method) {
        String defense = "--defense " + method.name();
        AttackSpec check = check();
        methods.requireUsed(DEFENSES, method, defense);
        boolean attacked = method.uses() == Defense.Uses.ATTACK;
        for (String option : List.of("--attack", "--step-size", "--attack-mode", "--steps")) {
            require(attacked || !methods.isGiven(option), option, defense);
        }
        require(method.warmsUp() || !methods.isGiven("--eps-warmup"), "--eps-warmup", defense);
        attacks.requireUsed(ATTACKS, attack(), "--attack " + attack().name());
        boolean measured = method.uses() != Defense.Uses.NOTHING || check.present();
        for (String option : List.of("--norm", "--eps")) {
            require(measured || !methods.isGiven(option), option, defense + " without --check-attack");
        }
        checks.givenOptions()
                .forEach((option, parameter) -> require(
                        check.parameter(parameter.name()).isPresent(), option, "--check-attack " + check.name()));
    }

    private void require(boolean useful, String option, String with) {
        if (!useful) {
            throw Usage.wrong(command, option + ": has no effect with " + with);
        }
    }
}
