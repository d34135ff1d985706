package varepsilon.lab.cli;

import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;

/** Against whom a classifier is trained, and by what its robustness is checked. */
final class DefenseOptions {
    private static final String STANDARD = "standard";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--defense",
            paramLabel = "NAME",
            defaultValue = STANDARD,
            description = "standard, adversarial-loss, adversarial-batch, trades or free (default: ${DEFAULT-VALUE}).")
    private String defense;

    @Option(
            names = "--attack",
            paramLabel = "NAME",
            defaultValue = "pgd",
            description = "What perturbs the training images: fgsm, fgsm-rs or pgd (default: ${DEFAULT-VALUE}).")
    private String attack;

    @Option(
            names = "--norm",
            paramLabel = "NAME",
            defaultValue = "linf",
            description = "linf, l2 or l1 (default: ${DEFAULT-VALUE}).")
    private String norm;

    @Option(
            names = "--eps",
            paramLabel = "X",
            converter = Fraction.class,
            description = "Size of perturbations, in pixel units (default: 8/255 in linf, 0.5 in l2, 12 in l1).")
    private Double eps;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "10",
            description = "Steps of pgd (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
            names = "--step-size",
            paramLabel = "X",
            converter = Fraction.class,
            description = "Of every step, in pixel units (default: falling from 2 eps in pgd, 1.25 eps in fgsm-rs).")
    private Double stepSize;

    @Option(
            names = "--eps-warmup",
            paramLabel = "N",
            defaultValue = "0",
            description = "Epochs over which eps grows from 0 (default: ${DEFAULT-VALUE}).")
    private double epsWarmup;

    @Option(
            names = "--attack-mode",
            paramLabel = "MODE",
            defaultValue = "evaluation",
            description = "How batch normalisation behaves while training images are perturbed: evaluation or training"
                    + " (default: ${DEFAULT-VALUE}).")
    private String attackMode;

    @Option(
            names = "--alpha",
            paramLabel = "X",
            defaultValue = "0.5",
            description = "Weight of unperturbed images in adversarial-loss (default: ${DEFAULT-VALUE}).")
    private double alpha;

    @Option(
            names = "--beta",
            paramLabel = "X",
            defaultValue = "6",
            description = "Weight of the divergence in trades (default: ${DEFAULT-VALUE}).")
    private double beta;

    @Option(
            names = "--replays",
            paramLabel = "N",
            defaultValue = "8",
            description = "Steps on each batch in free (default: ${DEFAULT-VALUE}).")
    private int replays;

    @Option(
            names = "--check-attack",
            paramLabel = "NAME",
            description = "What measures robust accuracy on held-out and test images: none, or an attack"
                    + " (default: pgd; none where --defense is standard).")
    private String checkAttack;

    @Option(
            names = "--check-steps",
            paramLabel = "N",
            defaultValue = "10",
            description = "Steps of that attack (default: ${DEFAULT-VALUE}).")
    private int checkSteps;

    /** As the options say. */
    ClassifierSpec.Defense defense() {
        requireUseful();
        AttackSpec adversary = defense.equals(STANDARD) ? AttackSpec.none() : adversary();
        return new ClassifierSpec.Defense(
                defense,
                adversary,
                attackMode,
                epsWarmup,
                defense.equals("adversarial-loss") ? alpha : 0,
                defense.equals("trades") ? beta : 0,
                defense.equals("free") ? replays : 1);
    }

    private AttackSpec adversary() {
        if (defense.equals("free")) {
            // Its perturbations move by ε on every replay, whatever else is said.
            return AttackSpec.usual("fgsm", norm, eps());
        }
        AttackSpec usual = AttackSpec.usual(attack, norm, eps()).withSteps(steps);
        if (stepSize != null && !(stepSize > 0)) {
            throw Usage.wrong(command, "--step-size " + stepSize + ": expected a positive number, in pixel units");
        }
        return stepSize == null ? usual : usual.withStepSize(stepSize);
    }

    /** What measures robust accuracy. */
    AttackSpec check() {
        String name = checkAttack != null ? checkAttack : defense.equals(STANDARD) ? AttackSpec.NO_ATTACK : "pgd";
        return name.equals(AttackSpec.NO_ATTACK)
                ? AttackSpec.none()
                : AttackSpec.usual(name, norm, eps()).withSteps(checkSteps);
    }

    private double eps() {
        return eps == null ? AttackSpec.usualEps(norm) : eps;
    }

    /** An option that changes nothing is a misunderstanding. */
    private void requireUseful() {
        boolean attacked = !defense.equals(STANDARD);
        boolean stepping = attacked && !defense.equals("free");
        boolean checked = check().present();
        require(stepping, "--defense " + defense, "--attack", "--step-size", "--eps-warmup", "--attack-mode");
        require(stepping && attack.equals("pgd"), stepping ? "--attack " + attack : "--defense " + defense, "--steps");
        require(!stepping || !attack.equals("fgsm"), "--attack " + attack, "--step-size");
        require(attacked || checked, "--defense " + defense + " without --check-attack", "--norm", "--eps");
        require(defense.equals("adversarial-loss"), "--defense " + defense, "--alpha");
        require(defense.equals("trades"), "--defense " + defense, "--beta");
        require(defense.equals("free"), "--defense " + defense, "--replays");
        require(checked && check().uses("steps"), "--check-attack " + check().attack(), "--check-steps");
    }

    private void require(boolean useful, String with, String... options) {
        Set<String> named = Set.of(options);
        for (OptionSpec option : command.commandLine().getParseResult().matchedOptions()) {
            if (!useful && named.contains(option.longestName())) {
                throw Usage.wrong(command, option.longestName() + ": has no effect with " + with);
            }
        }
    }
}
