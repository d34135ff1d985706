package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.InputException;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.lab.evaluate.SmallestPerturbations;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.report.Table;
import varepsilon.robust.attack.MinimumAttack;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.evaluate.MinimumEvaluation;
import varepsilon.stats.Percent;
import varepsilon.tensor.Device;

/** The search for the smallest perturbation of each image, in place of attacks at an ε. */
final class MinimumOptions {
    private static final Set<String> WITHOUT_EFFECT =
            Set.of("--target", "--margin", "--judge", "--compare", "--transfer-to", "--save", "--strict");

    @Option(
            names = "--minimum",
            description = "Search for the smallest perturbation of each image, by all attacks of the norm that do so or"
                    + " by those named: robust accuracy at every ε at once. --eps names those that are printed.")
    private boolean minimum;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    boolean isGiven() {
        return minimum;
    }

    /**
     * Rejects options without effect on it.
     *
     * @param parameters options given that set parameters of the attacks named
     */
    void check(Set<String> parameters) {
        if (!parameters.isEmpty() && !isNamed()) {
            throw Usage.wrong(
                    command,
                    String.join(", ", parameters) + ": name the --attack that it is for, as in --attack fmn:steps=50");
        }
        for (OptionSpec option : command.commandLine().getParseResult().matchedOptions()) {
            if (WITHOUT_EFFECT.contains(option.longestName())) {
                throw Usage.wrong(command, option.longestName() + ": has no effect on --minimum");
            }
        }
    }

    /** @param settings the attacks named, with their ε */
    MinimumEvaluation evaluation(List<AttackSpec> settings, String norm, int batchSize, long seed, Device device) {
        List<MinimumAttack> attacks = isNamed()
                ? settings.stream()
                        .map(MinimumOptions::minimumAttack)
                        .distinct()
                        .toList()
                : SmallestPerturbations.usualAttacks(Norm.named(norm));
        return new MinimumEvaluation(attacks, Norm.named(norm), batchSize, seed, device);
    }

    private boolean isNamed() {
        return command.commandLine().getParseResult().hasMatchedOption("--attack");
    }

    private static MinimumAttack minimumAttack(AttackSpec settings) {
        if (settings.attack() instanceof MinimumAttack attack) {
            return attack;
        }
        throw new InputException("--minimum: " + settings.name() + " does not search for the smallest perturbation; in "
                + settings.norm() + " these do: "
                + SmallestPerturbations.usualAttacks(Norm.named(settings.norm())).stream()
                        .map(MinimumAttack::name)
                        .collect(Collectors.joining(", ")));
    }

    /**
     * Searches, and prints the result.
     *
     * @param epsilons at which robust accuracy is printed
     * @param pictures folder of the chart; null for none
     */
    static void run(
            MinimumEvaluation evaluation,
            ClassifierFile model,
            ImageSet images,
            List<Double> epsilons,
            Path pictures,
            Output output)
            throws IOException {
        SmallestPerturbations result;
        try (WorkProgress progress = new WorkProgress(output, "images")) {
            result = SmallestPerturbations.of(model, images, evaluation, epsilons, progress);
        }
        result.notes().forEach(output::note);
        output.result(result, text(result));
        // Last: a disk that is full must not take the result with it.
        if (pictures != null) {
            result.writeCurves(pictures.resolve("minimum.png"));
        }
    }

    private static String text(SmallestPerturbations result) {
        Table attacks = new Table(
                Table.text("attack"),
                Table.number("median", result.minimum().norm(), 5),
                Table.number("optimality", "", 3),
                Table.count("not found", "images"),
                Table.count("forward", "images"),
                Table.count("backward", "images"),
                Table.number("time", "s", 1));
        for (SmallestPerturbations.OfAttack one : result.minimum().attacks()) {
            attacks.row(
                    one.name(),
                    one.median(),
                    one.optimality(),
                    one.notFound(),
                    one.forwardPasses(),
                    one.backwardPasses(),
                    one.seconds());
        }
        Table sizes = new Table(
                Table.percent("of the correctly classified images", 0),
                Table.number("are misclassified within", result.minimum().norm(), 5));
        result.minimum().quantiles().forEach(quantile -> sizes.row(quantile.share(), quantile.size()));
        Table accuracies = new Table(
                Table.number("ε", "pixel units", 5),
                Table.count("robust", ""),
                Table.percent("accuracy", 2),
                Table.percent("from", 2),
                Table.percent("to", 2));
        result.accuracies()
                .forEach(at -> accuracies.row(
                        at.eps(),
                        at.robustCorrect(),
                        at.robustAccuracy(),
                        at.robustCi95().get(0),
                        at.robustCi95().get(1)));
        return String.format(
                Locale.ROOT,
                "%s on %s: clean accuracy %s, %,d of %,d images correctly classified%n%n%s%n%s%n%s",
                result.weights(),
                result.images(),
                Percent.of(result.cleanAccuracy(), 2),
                result.cleanCorrect(),
                result.n(),
                attacks.toText(),
                sizes.toText(),
                accuracies.toText());
    }
}
