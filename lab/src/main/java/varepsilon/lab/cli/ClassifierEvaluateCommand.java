package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.lab.evaluate.ClassifierReport;
import varepsilon.report.Table;
import varepsilon.stats.Percent;
import varepsilon.tensor.Device;

/** {@code varepsilon classifier evaluate}. */
@Command(
        name = "evaluate",
        description = "Measures a classifier's clean accuracy.",
        footer = {
            "",
            "Intervals are Wilson's for 95 %%; two classifiers are compared by McNemar's exact test.",
            "",
            "Examples:",
            "  varepsilon classifier evaluate --weights runs/plain --data glyphs",
            "  varepsilon classifier evaluate --weights runs/plain --data glyphs --compare runs/robust"
        })
final class ClassifierEvaluateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final ClassifierOptions classifier = new ClassifierOptions();

    @Mixin
    private final DataOptions data = new DataOptions();

    @Option(
            names = "--split",
            paramLabel = "PART",
            defaultValue = "test",
            description = "train or test (default: ${DEFAULT-VALUE}).")
    private Split split;

    @Option(names = "--compare", paramLabel = "FILE", description = "Compare with this classifier on the same images.")
    private Path other;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "128",
            description = "Images at once (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    ClassifierEvaluateCommand(Console console) {
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        if (batchSize < 1) {
            throw Usage.wrong(spec, "--batch-size " + batchSize + ": expected at least 1");
        }
        classifier.stated();
        Device device = compute.start();
        ImageSet images = data.load(split, output);
        ClassifierReport evaluation;
        try (ClassifierFile file = classifier.read(device, images)) {
            evaluation = evaluate(file, images, device);
        }
        if (other != null) {
            try (ClassifierFile file = ClassifierFile.read(other, device)) {
                evaluation = evaluation.comparedTo(evaluate(file, images, device));
            }
        }
        output.result(evaluation, text(evaluation));
        return 0;
    }

    private ClassifierReport evaluate(ClassifierFile file, ImageSet images, Device device) {
        ClassifierReport evaluation;
        try (WorkProgress progress = new WorkProgress(output, "images")) {
            evaluation = ClassifierReport.of(file, images, batchSize, device, progress);
        }
        evaluation.notes().forEach(output::note);
        return evaluation;
    }

    private String text(ClassifierReport result) {
        Table table = new Table(
                Table.text("class"),
                Table.count("images", ""),
                Table.count("correct", ""),
                Table.percent("accuracy", 2));
        for (ClassifierReport.OfClass one : result.classes()) {
            table.row(one.name(), one.n(), one.correct(), one.accuracy());
        }
        table.row("all", result.n(), result.correct(), result.accuracy());
        String compared = result.comparison() == null
                ? ""
                : System.lineSeparator() + Comparisons.text("Accuracy", result.comparison());
        return String.format(
                Locale.ROOT,
                "%s on %s %s: accuracy %s (95 %% interval %s), %,d of %,d images correctly classified; cross-entropy %.4f nats"
                        + " per image%n%n%s%n%s%s",
                result.weights(),
                data.name(),
                split.label(),
                Percent.of(result.accuracy(), 2),
                Percent.range(result.counts().interval(), 2),
                result.correct(),
                result.n(),
                result.loss(),
                table.toText(),
                ChecksText.of(result.checks()),
                compared);
    }
}
