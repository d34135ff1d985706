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
import varepsilon.generative.Picture;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.SampleQuality;
import varepsilon.report.Table;
import varepsilon.stats.Percent;
import varepsilon.tensor.Device;

/** {@code varepsilon vae quality}. */
@Command(
        name = "quality",
        description = "Measures the quality of a VAE's samples in the features of a classifier.",
        footer = {
            "",
            "The features are the input of the classifier's last layer. As many samples as test images are compared",
            "with them, all as the model represents them (of 16 levels, for instance): by the Fréchet distance of normal",
            "distributions fitted to the features (Heusel et al. 2017), by precision and recall (Kynkäänniemi et al. 2019),",
            "and by density and coverage (Naeem et al. 2020). In the features of a small classifier, precision can be high",
            "for noise as well; density and coverage then are low. Training images in place of samples show what a",
            "perfect model would get. The distance depends on the classifier and on the number of images; it does not",
            "compare with published FIDs, which are in the features of an Inception network.",
            "",
            "Example:",
            "  varepsilon vae quality --weights runs/digits --data mnist --classifier runs/plain"
        })
final class VaeQualityCommand implements Callable<Integer> {
    private static final String NOT_FID =
            "the distance is in the features of the classifier given, not of an Inception network: it does not compare"
                    + " with published FIDs, nor with distances in the features of another classifier.";

    @Spec
    private CommandSpec spec;

    @Mixin
    private final WeightsOption weights = new WeightsOption();

    @Option(
            names = "--classifier",
            required = true,
            paramLabel = "FILE",
            description = "Weights of a classifier of such images, or a run directory for its best ones.")
    private Path classifier;

    @Mixin
    private final DataOptions data = new DataOptions();

    @Option(names = "--picture", paramLabel = "KIND", defaultValue = "sample", description = Descriptions.PICTURE)
    private Picture picture;

    @Option(
            names = "--k",
            paramLabel = "K",
            defaultValue = "3",
            description = "Precision, recall, density, coverage: the neighbour whose distance is an image's radius"
                    + " (default: ${DEFAULT-VALUE}).")
    private int k;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "128",
            description = "Images classified at once (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaeQualityCommand(Console console) {
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        SampleQuality.Settings settings =
                Usage.check(spec, () -> new SampleQuality.Settings(picture, k, batchSize, compute.seed()));
        Device device = compute.start();
        ImageSet test = data.load(Split.TEST, output);
        ImageSet train = data.loadQuietly(Split.TRAIN);
        try (VaeFile file = weights.readVae(device, output);
                ClassifierFile judge = ClassifierFile.read(classifier, device)) {
            judge.notes().forEach(output::note);
            file.requireFits(test);
            judge.requireFits(test);
            SampleQuality result = measure(file, judge, test, train, settings, device);
            output.result(result, text(result, file, judge));
            output.note(NOT_FID);
        }
        return 0;
    }

    private SampleQuality measure(
            VaeFile file,
            ClassifierFile judge,
            ImageSet test,
            ImageSet train,
            SampleQuality.Settings settings,
            Device device) {
        try (WorkProgress progress = new WorkProgress(output, "images")) {
            return SampleQuality.of(file.vae(), judge.classifier(), test, train, settings, device, progress);
        }
    }

    private String text(SampleQuality result, VaeFile file, ClassifierFile judge) {
        Table table = new Table(
                Table.text("images"),
                Table.number("Fréchet distance", "", 3),
                Table.percent("precision", 1),
                Table.percent("from", 1),
                Table.percent("to", 1),
                Table.percent("recall", 1),
                Table.percent("from", 1),
                Table.percent("to", 1),
                Table.number("density", "", 3),
                Table.percent("coverage", 1),
                Table.percent("from", 1),
                Table.percent("to", 1));
        row(table, "samples", result.samples());
        row(table, "training images", result.trainingImages());
        return String.format(
                        Locale.ROOT,
                        "%s: %,d samples (%s) beside %,d test images of %s, in %,d features of %s%s%n%n",
                        file.path(),
                        result.n(),
                        result.picture(),
                        result.n(),
                        data.name(),
                        result.features(),
                        judge.path(),
                        result.classifierAccuracy() == null
                                ? ""
                                : ", whose accuracy on these is " + Percent.of(result.classifierAccuracy()))
                + table.toText();
    }

    private static void row(Table table, String images, SampleQuality.Scores scores) {
        table.row(
                images,
                scores.frechetDistance(),
                scores.precision(),
                scores.precisionCi95().get(0),
                scores.precisionCi95().get(1),
                scores.recall(),
                scores.recallCi95().get(0),
                scores.recallCi95().get(1),
                scores.density(),
                scores.coverage(),
                scores.coverageCi95().get(0),
                scores.coverageCi95().get(1));
    }
}
