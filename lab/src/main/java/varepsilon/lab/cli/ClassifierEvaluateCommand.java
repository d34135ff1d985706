package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.lab.evaluate.ClassifierReport;
import varepsilon.lab.evaluate.ThreatOutcome;
import varepsilon.report.Table;
import varepsilon.robust.evaluate.CorruptionEvaluation;
import varepsilon.stats.Percent;
import varepsilon.tensor.Device;

/** {@code varepsilon classifier evaluate}. */
@Command(
        name = "evaluate",
        description = "Measures a classifier's clean accuracy, and its accuracy on images that are"
                + " corrupted, rotated, or all changed in one way.",
        footer = {
            "",
            "Intervals are Wilson's for 95 %%; two classifiers are compared by McNemar's exact test.",
            "",
            "Examples:",
            "  varepsilon classifier evaluate --weights runs/plain --data glyphs",
            "  varepsilon classifier evaluate --weights runs/plain --data glyphs --compare runs/robust",
            "  varepsilon classifier evaluate --weights runs/plain --data cifar10 --limit 1000 --corruptions",
            "  varepsilon classifier evaluate --weights runs/plain --data cifar10 --limit 1000 --rotations --universal 8/255 --patch 8"
        })
final class ClassifierEvaluateCommand implements Callable<Integer> {
    private static final int RANDOM_ROTATIONS = 10;
    private static final int OTHERS = 2000;

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
            names = "--corruptions",
            description =
                    "Also under the fifteen common corruptions of CIFAR-10-C (Hendrycks, Dietterich 2019), made here"
                            + " from the images and the seed, at five severities; frost is drawn.")
    private boolean corruptions;

    @Option(
            names = "--rotations",
            description = "Also under rotations up to 30° with translations up to 3 pixels (Engstrom et al. 2019): the"
                    + " worst of 10 drawn at random for each image, and of a grid of 775.")
    private boolean rotations;

    @Option(
            names = "--universal",
            paramLabel = "EPS",
            converter = Fraction.class,
            description = "Also under one perturbation in linf for all images, such as 8/255, found on the first 2,000"
                    + " images of the other part.")
    private Double universal;

    @Option(
            names = "--patch",
            paramLabel = "SIZE",
            description =
                    "Also under one square patch of that side at random places, in pixels, found on the first 2,000"
                            + " images of the other part.")
    private Integer patch;

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
        if (universal != null && !(universal >= 0 && universal <= 1)) {
            throw Usage.wrong(spec, "--universal " + universal + ": expected 0 to 1, in pixel units, such as 8/255");
        }
        if (patch != null && patch < 1) {
            throw Usage.wrong(spec, "--patch " + patch + ": expected at least 1");
        }
        classifier.stated();
        Device device = compute.start();
        ImageSet images = data.load(split, output);
        // What is wrong with them is said before long work, not after.
        if (patch != null && patch > Math.min(images.height(), images.width())) {
            throw Usage.wrong(
                    spec,
                    "--patch " + patch + ": expected at most " + Math.min(images.height(), images.width())
                            + ", the smaller side of the images");
        }
        ImageSet others = universal == null && patch == null ? null : others();
        ClassifierReport evaluation;
        try (ClassifierFile file = classifier.read(device, images)) {
            evaluation = evaluate(file, images, device);
            if (corruptions) {
                evaluation = evaluation.withCorruptions(corrupted(file, images, device));
            }
            if (rotations || universal != null || patch != null) {
                evaluation = evaluation.withThreats(threats(file, images, others, device));
            }
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

    private CorruptionEvaluation.Report corrupted(ClassifierFile file, ImageSet images, Device device) {
        try (WorkProgress progress = new WorkProgress(output, "images")) {
            return CorruptionEvaluation.all(batchSize, compute.seed(), device).of(file.classifier(), images, progress);
        }
    }

    /** @param others images of the other part; null where nothing is to be found on them */
    private List<ThreatOutcome> threats(ClassifierFile file, ImageSet images, ImageSet others, Device device) {
        List<ThreatOutcome> threats = new ArrayList<>();
        long seed = compute.seed();
        try (WorkProgress progress = new WorkProgress(output, "images")) {
            if (rotations) {
                for (int samples : new int[] {RANDOM_ROTATIONS, 0}) {
                    threats.add(ThreatOutcome.spatial(samples, file, images, batchSize, seed, device, progress));
                }
            }
            if (universal != null) {
                threats.add(
                        ThreatOutcome.universal(universal, file, others, images, batchSize, seed, device, progress));
            }
            if (patch != null) {
                threats.add(ThreatOutcome.patch(patch, file, others, images, batchSize, seed, device, progress));
            }
        }
        return threats;
    }

    /** Images of the part that is not evaluated. */
    private ImageSet others() throws IOException {
        ImageSet all = Datasets.load(data.name(), split == Split.TEST ? Split.TRAIN : Split.TEST, data.folder());
        return all.limit(OTHERS);
    }

    private static String text(List<ThreatOutcome> threats) {
        Table table = new Table(
                Table.text("under"),
                Table.count("correct", ""),
                Table.percent("accuracy", 2),
                Table.percent("from", 2),
                Table.percent("to", 2));
        threats.forEach(threat -> table.row(
                threat.name(),
                threat.robustCorrect(),
                threat.robustAccuracy(),
                threat.robustCi95().get(0),
                threat.robustCi95().get(1)));
        return System.lineSeparator() + table.toText();
    }

    private static String text(ClassifierReport.Corruptions corruptions) {
        Table table = new Table(
                Table.text("corruption"),
                Table.percent("severity 1", 2),
                Table.percent("2", 2),
                Table.percent("3", 2),
                Table.percent("4", 2),
                Table.percent("5", 2),
                Table.percent("mean", 2));
        for (ClassifierReport.Corruptions.Row row : corruptions.rows()) {
            List<Double> at = row.accuracies();
            table.row(row.name(), at.get(0), at.get(1), at.get(2), at.get(3), at.get(4), row.meanAccuracy());
        }
        return String.format(
                Locale.ROOT,
                "%nAccuracy on corrupted images, mean %s:%n%n%s",
                Percent.of(corruptions.meanAccuracy(), 2),
                table.toText());
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
        String corrupted = (result.corruptions() == null ? "" : text(result.corruptions()))
                + (result.threats() == null ? "" : text(result.threats()));
        return String.format(
                Locale.ROOT,
                "%s on %s %s: accuracy %s (95 %% interval %s), %,d of %,d images correctly classified; cross-entropy %.4f nats"
                        + " per image%n%n%s%s%n%s%s",
                result.weights(),
                data.name(),
                split.label(),
                Percent.of(result.accuracy(), 2),
                Percent.range(result.counts().interval(), 2),
                result.correct(),
                result.n(),
                result.loss(),
                table.toText(),
                corrupted,
                ChecksText.of(result.checks()),
                compared);
    }
}
