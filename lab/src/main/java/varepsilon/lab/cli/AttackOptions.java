package varepsilon.lab.cli;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.lab.spec.AttackGoal;
import varepsilon.lab.spec.AttackSpec;

/** Which attacks, and what they may do. */
final class AttackOptions {
    private static final Map<String, String> SETTINGS = Map.of(
            "--steps", "steps",
            "--step-size", "stepSize",
            "--restarts", "restarts",
            "--random-start", "randomStart",
            "--momentum", "momentum",
            "--loss", "loss");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--attack",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "pgd",
            description = "fgsm, fgsm-rs, pgd, mi-fgsm, uniform-noise, sign-noise; several with commas or repeated"
                    + " (default: ${DEFAULT-VALUE}).")
    private List<String> attacks;

    @Option(
            names = "--norm",
            paramLabel = "NAME",
            defaultValue = "linf",
            description = "linf, l2 or l1 (default: ${DEFAULT-VALUE}).")
    private String norm;

    @Option(
            names = "--eps",
            split = ",",
            paramLabel = "X",
            converter = Fraction.class,
            description = "Largest perturbation, in pixel units, such as 8/255; several with commas give a curve"
                    + " (default: 8/255 in linf, 0.5 in l2, 12 in l1).")
    private List<Double> epsilons;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "10",
            description = "Steps of pgd and mi-fgsm (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
            names = "--step-size",
            paramLabel = "X",
            converter = Fraction.class,
            description = "Of every step, in pixel units (default: falling from 2 eps in pgd, 1.25 eps in fgsm-rs).")
    private Double stepSize;

    @Option(
            names = "--restarts",
            paramLabel = "N",
            defaultValue = "1",
            description = "Starts of pgd, of which each image keeps its worst (default: ${DEFAULT-VALUE}).")
    private int restarts;

    @Option(
            names = "--random-start",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Whether pgd begins at a random point of the ball (default: it does).")
    private boolean randomStart;

    @Option(
            names = "--momentum",
            paramLabel = "X",
            description = "Share of the summed gradients that a step keeps (default: 0 in pgd, 1 in mi-fgsm).")
    private Double momentum;

    @Option(
            names = "--loss",
            paramLabel = "NAME",
            defaultValue = "cross-entropy",
            description =
                    "What is raised: cross-entropy; exact-cross-entropy, the same in double precision, which breaks"
                            + " more where a model is sure; or margin (default: ${DEFAULT-VALUE}).")
    private String loss;

    @Option(
            names = "--target",
            paramLabel = "CLASS",
            description = "The class that is wanted, by name or number, or next: the one after the true one"
                    + " (default: any wrong class will do).")
    private String target;

    @Option(
            names = "--margin",
            paramLabel = "X",
            description = "Go on until the true class loses by so many logits (default: any loss will do).")
    private Double margin;

    /** Every attack at every ε. */
    List<AttackSpec> settings() {
        if (stepSize != null && !(stepSize > 0)) {
            throw Usage.wrong(command, "--step-size " + stepSize + ": expected a positive number, in pixel units");
        }
        Set<AttackSpec> settings = new LinkedHashSet<>();
        for (String attack : attacks) {
            for (double eps : epsilons == null ? List.of(AttackSpec.usualEps(norm)) : epsilons) {
                settings.add(of(attack, eps));
            }
        }
        requireUseful(settings);
        return List.copyOf(settings);
    }

    private AttackSpec of(String attack, double eps) {
        AttackSpec chosen = new AttackSpec(
                attack,
                norm,
                eps,
                steps,
                stepSize == null ? 0 : stepSize,
                restarts,
                randomStart,
                momentum == null ? AttackSpec.usualMomentum(attack) : momentum,
                loss);
        if (!chosen.present()) {
            throw Usage.wrong(command, "--attack none: expected one of " + String.join(", ", AttackSpec.NAMES));
        }
        return chosen;
    }

    /** An option that changes nothing is a misunderstanding. */
    private void requireUseful(Set<AttackSpec> settings) {
        for (OptionSpec option : command.commandLine().getParseResult().matchedOptions()) {
            String setting = SETTINGS.get(option.longestName());
            if (setting != null && settings.stream().noneMatch(attack -> attack.uses(setting))) {
                throw Usage.wrong(
                        command,
                        option.longestName() + ": has no effect on " + String.join(", ", new LinkedHashSet<>(attacks)));
            }
        }
    }

    /** Refuses two goals at once; before any file is read. */
    void requireOneGoal() {
        if (target != null && margin != null) {
            throw Usage.wrong(command, "--target and --margin: expected one of them");
        }
        if (margin != null) {
            goal(List.of());
        }
    }

    /** What is to be reached. */
    AttackGoal goal(List<String> classNames) {
        return Usage.check(command, () -> {
            if (target != null) {
                return AttackGoal.target(target, classNames);
            }
            return margin != null ? new AttackGoal.Margin(margin) : new AttackGoal.Untargeted();
        });
    }
}
