package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.InputException;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.lab.evaluate.AttackPage;
import varepsilon.lab.evaluate.AttackTables;
import varepsilon.lab.evaluate.SmallestPerturbations;
import varepsilon.lab.spec.AttackSpec;
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
     * @param folder of the chart and the page; null for none
     * @param command that is running
     * @return the exit code
     */
    static int run(
            MinimumEvaluation evaluation,
            ClassifierFile model,
            ImageSet images,
            List<Double> epsilons,
            Path folder,
            String command,
            Interruption interruption,
            Output output)
            throws IOException {
        SmallestPerturbations result;
        try (WorkProgress progress = new WorkProgress(output, "images", interruption)) {
            result = SmallestPerturbations.of(model, images, evaluation, epsilons, progress);
        }
        result.notes().forEach(output::note);
        output.result(result, text(result));
        // Last: a disk that is full must not take the result with it.
        if (folder != null) {
            result.writeCurves(folder.resolve("minimum.png"));
            Output.write(result, folder.resolve("results.json"));
            output.say("All of it on one page: " + AttackPage.write(result, folder, command));
        }
        return result.complete() ? CommandLine.ExitCode.OK : Main.STOPPED;
    }

    private static String text(SmallestPerturbations result) {
        return String.format(
                Locale.ROOT,
                "%s on %s: clean accuracy %s, %,d of %,d images correctly classified%n%n%s%n%s%n%s",
                result.weights(),
                result.images(),
                Percent.of(result.cleanAccuracy(), 2),
                result.cleanCorrect(),
                result.n(),
                AttackTables.smallest(result).toText(),
                AttackTables.quantiles(result).toText(),
                AttackTables.accuracies(result).toText());
    }
}
