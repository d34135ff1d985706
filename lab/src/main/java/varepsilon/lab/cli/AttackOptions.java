package varepsilon.lab.cli;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.Family;
import varepsilon.lab.spec.AttackGoal;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.attack.Attack;

/** The attacks and their threat models. */
final class AttackOptions {
    private static final Family<Attack> ATTACKS = Family.of(Attack.class);
    /** Parameters with an option that is for every attack that has them. */
    private static final List<String> SHARED = List.of(
            "steps", "stepSize", "restarts", "randomStart", "momentum", "loss", "queries", "maxPasses", "maxTime");

    private CommandSpec command;
    private DeclaredOptions shared;

    @Option(
            names = "--norm",
            paramLabel = "NAME",
            defaultValue = "linf",
            description = "linf, l2, l1 or l0 (default: ${DEFAULT-VALUE}).")
    private String norm;

    @Option(
            names = "--eps",
            split = ",",
            paramLabel = "X",
            converter = Fraction.class,
            description = "Largest perturbation, in pixel units, such as 8/255; several with commas give a curve"
                    + " (default: 8/255 in linf, 0.5 in l2, 12 in l1, 10 in l0).")
    private List<Double> epsilons;

    @Option(
            names = "--target",
            paramLabel = "CLASS",
            description = "The target class, by name or number, or next: the one after the true one (default:"
                    + " untargeted).")
    private String target;

    @Option(
            names = "--margin",
            paramLabel = "X",
            description = "Require that another logit exceeds that of the true class by more than this (default: any"
                    + " misclassification).")
    private Double margin;

    @Spec(Spec.Target.MIXEE)
    void addTo(CommandSpec mixee) {
        command = mixee;
        mixee.addOption(OptionSpec.builder("--attack")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .splitRegex(",")
                .paramLabel("NAME")
                .defaultValue("pgd")
                .description("The attack: " + String.join(", ", ATTACKS.names()) + "; several with commas or repeated,"
                        + " with parameters as in fgsm,pgd:steps=40:restarts=3. --list shows all parameters"
                        + " (default: ${DEFAULT-VALUE}).")
                .build());
        shared = new DeclaredOptions(mixee);
        SHARED.forEach(parameter -> shared.addShared("", parameter, ATTACKS));
    }

    /** Every attack at every ε. */
    List<AttackSpec> settings() {
        Map<String, Object> given = shared.given();
        Set<AttackSpec> settings = new LinkedHashSet<>();
        List<String> texts = shared.texts("--attack");
        for (String text : texts) {
            Attack attack = ATTACKS.parse(text, given);
            for (double eps : epsilons()) {
                settings.add(new AttackSpec(attack, norm, eps));
            }
        }
        requireUseful(settings, texts);
        return List.copyOf(settings);
    }

    /** The options given that set parameters of the attacks. */
    Set<String> parameterOptions() {
        return shared.givenOptions().keySet();
    }

    /** The norm of perturbations. */
    String norm() {
        return norm;
    }

    /** The ε that were given, else the usual one of the norm. */
    List<Double> epsilons() {
        return epsilons == null ? List.of(AttackSpec.usualEps(norm)) : epsilons;
    }

    /** Rejects options without effect. */
    private void requireUseful(Set<AttackSpec> settings, List<String> texts) {
        shared.givenOptions().forEach((option, parameter) -> {
            if (settings.stream()
                    .allMatch(attack -> attack.parameter(parameter.name()).isEmpty())) {
                throw Usage.wrong(
                        command, option + ": has no effect on " + String.join(", ", new LinkedHashSet<>(texts)));
            }
        });
    }

    /** Rejects two goals at once; before any file is read. */
    void requireOneGoal() {
        if (target != null && margin != null) {
            throw Usage.wrong(command, "--target and --margin: expected one of them");
        }
        if (margin != null) {
            goal(List.of());
        }
    }

    boolean isUntargeted() {
        return target == null && margin == null;
    }

    /** The goal of the attacks. */
    AttackGoal goal(List<String> classNames) {
        return Usage.check(command, () -> {
            if (target != null) {
                return AttackGoal.target(target, classNames);
            }
            return margin != null ? new AttackGoal.Margin(margin) : new AttackGoal.Untargeted();
        });
    }
}
