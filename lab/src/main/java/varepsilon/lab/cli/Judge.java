package varepsilon.lab.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.lab.evaluate.AdversarialImagesResult;
import varepsilon.lab.evaluate.AttackReport;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.report.Table;
import varepsilon.stats.Percent;
import varepsilon.tensor.Device;

/** The option {@code --judge}: evaluates adversarial images of other tools, with or without attacks. */
final class Judge {
    private static final Set<String> WITHOUT_ATTACK = Set.of(
            "--judge",
            "--weights",
            "--architecture",
            "--normalize-mean",
            "--normalize-std",
            "--purify",
            "--data",
            "--data-dir",
            "--limit",
            "--split",
            "--norm",
            "--eps",
            "--batch-size",
            "--seed",
            "--threads",
            "--device",
            "--json",
            "--quiet",
            "--verbose",
            "--no-progress");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--judge",
            paramLabel = "FILE",
            description = "Evaluate adversarial images that another tool made from these images, in their order: .npz,"
                    + " .npy or .safetensors, N×C×H×W or N×H×W×C, integers from 0 to 255 or floats from 0 to 1; or a"
                    + " folder of PNG files. Attacks run only where --attack is given too.")
    private Path file;

    /** The result without attacks. */
    private record Alone(String weights, String images, List<String> notes, AdversarialImagesResult judged) {}

    /** The result with attacks. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Beside(@JsonUnwrapped AttackReport report, AdversarialImagesResult judged) {}

    boolean isGiven() {
        return file != null;
    }

    /** Whether no attack is to run. */
    boolean isAlone() {
        return isGiven() && !command.commandLine().getParseResult().hasMatchedOption("--attack");
    }

    /** Rejects options without effect on it, before any file is read. */
    void check(List<AttackSpec> settings) {
        if (!isGiven()) {
            return;
        }
        if (settings.stream().mapToDouble(AttackSpec::eps).distinct().count() > 1) {
            throw Usage.wrong(command, "--judge: expected one --eps");
        }
        if (isAlone()) {
            for (OptionSpec option : command.commandLine().getParseResult().matchedOptions()) {
                if (!WITHOUT_ATTACK.contains(option.longestName())) {
                    throw Usage.wrong(command, option.longestName() + ": has no effect on --judge without an --attack");
                }
            }
        }
    }

    /** Evaluates the file in the threat model of the attacks. */
    AdversarialImagesResult judged(
            ClassifierFile model, ImageSet images, AttackSpec attack, int batchSize, Device device, Output output)
            throws IOException {
        try (WorkProgress progress = new WorkProgress(output, "images")) {
            return AdversarialImagesResult.of(file, model, images, attack.threatModel(), batchSize, device, progress);
        }
    }

    /** Prints the result without attacks. */
    static void show(ClassifierFile model, ImageSet images, AdversarialImagesResult judged, Output output) {
        model.notesOn(images).forEach(output::note);
        noteSizes(judged, output);
        String text = String.format(
                Locale.ROOT,
                "%s on %s: clean accuracy %s (95 %% interval %s), %,d of %,d images correctly classified%n%n",
                model.path(),
                images.name(),
                Percent.of(judged.clean().rate(), 2),
                Percent.range(judged.clean().interval(), 2),
                judged.cleanCorrect(),
                judged.n());
        output.result(
                new Alone(model.path().toString(), images.name(), model.notesOn(images), judged), text + table(judged));
    }

    /** Prints the result with attacks. */
    static void show(AttackReport report, String text, AdversarialImagesResult judged, Output output) {
        noteSizes(judged, output);
        output.result(new Beside(report, judged), text + System.lineSeparator() + table(judged));
    }

    private static void noteSizes(AdversarialImagesResult judged, Output output) {
        if (judged.medianPerturbation()
                > 2
                        * (judged.rounded() == null
                                ? judged.eps()
                                : judged.rounded().allowed())) {
            output.note(String.format(
                    Locale.ROOT,
                    "half of the perturbations in %s are larger than %s, more than twice ε: are they of these images,"
                            + " in this order, and of this norm?",
                    judged.file(),
                    number(judged.medianPerturbation())));
        }
    }

    private static String table(AdversarialImagesResult judged) {
        Table table = new Table(
                Table.text("judged: " + judged.norm() + " ε=" + number(judged.eps())),
                Table.count("robust", ""),
                Table.percent("accuracy", 2),
                Table.percent("from", 2),
                Table.percent("to", 2),
                Table.count("too large", ""),
                Table.count("of them misclassified only after", ""));
        table.row(
                judged.rounded() == null ? "up to ε" : "up to ε, as stored",
                judged.robustCorrect(),
                judged.robustAccuracy(),
                judged.robustCi95().get(0),
                judged.robustCi95().get(1),
                judged.tooLarge(),
                judged.tooLargeAndWrong());
        AdversarialImagesResult.Rounded rounded = judged.rounded();
        if (rounded != null) {
            table.row(
                    "up to " + number(rounded.allowed()) + ", rounding allowed for",
                    rounded.robustCorrect(),
                    rounded.robustAccuracy(),
                    rounded.robustCi95().get(0),
                    rounded.robustCi95().get(1),
                    rounded.tooLarge(),
                    rounded.tooLargeAndWrong());
        }
        return table.toText()
                + String.format(
                        Locale.ROOT,
                        "%n%s (%s): largest perturbation %s, median %s, in pixel units. A correctly"
                                + " classified image whose perturbation is too large counts as robust.%n",
                        judged.file(),
                        judged.format(),
                        number(judged.maxPerturbation()),
                        number(judged.medianPerturbation()));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.5g", value);
    }
}
