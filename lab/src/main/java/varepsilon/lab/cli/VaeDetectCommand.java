package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.DetectionReport;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.report.Table;
import varepsilon.robust.attack.StagedAttack;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.Trial;
import varepsilon.robust.vae.SelectivePgd;
import varepsilon.tensor.Device;

/** {@code varepsilon vae detect}. */
@Command(
        name = "detect",
        description = "Measures how well a VAE tells adversarial examples from the images that they were made from.",
        footer = {
            "",
            "Positives are adversarial examples that are misclassified, negatives their images; of noise all count."
                    + " An area under the ROC",
            "curve of 0.5 is chance. The attacks do not know of the detector, but for that of --adaptive, which lowers the",
            "bits of an image once it is misclassified (Bryniarski et al. 2022): the detector is worth its row at most.",
            "",
            "Example:",
            "  varepsilon vae detect --weights runs/digits --classifier runs/plain --data mnist --limit 1000"
                    + " --attack pgd,uniform-noise --eps 0.1"
        })
final class VaeDetectCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final WeightsOption weights = new WeightsOption();

    @Option(
            names = "--classifier",
            required = true,
            paramLabel = "FILE",
            description = "The classifier that is attacked: weights, or a run directory.")
    private Path classifier;

    @Mixin
    private final DataOptions data = new DataOptions();

    @Option(
            names = "--split",
            paramLabel = "PART",
            defaultValue = "test",
            description = "train or test (default: ${DEFAULT-VALUE}).")
    private Split split;

    @Mixin
    private final AttackOptions attack = new AttackOptions();

    @Option(
            names = "--adaptive",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Also an attack of N steps that knows of the detector by bits, for each threat model (default:"
                            + " ${DEFAULT-VALUE}, none).")
    private int adaptive;

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

    VaeDetectCommand(Console console) {
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        List<AttackSpec> settings = Usage.check(spec, attack::settings);
        if (batchSize < 1) {
            throw Usage.wrong(spec, "--batch-size " + batchSize + ": expected at least 1");
        }
        if (adaptive < 0) {
            throw Usage.wrong(spec, "--adaptive " + adaptive + ": expected a number of steps, or 0 for none");
        }
        Device device = compute.start();
        ImageSet images = data.load(split, output);
        try (VaeFile vae = weights.readVae(device, output);
                ClassifierFile model = ClassifierFile.read(classifier, device)) {
            vae.requireFits(images);
            model.notesOn(images).forEach(output::note);
            DetectionReport report;
            try (WorkProgress progress = new WorkProgress(output, "images")) {
                report = DetectionReport.of(
                        vae.vae(),
                        model.classifier(),
                        images,
                        new RobustEvaluation(trials(settings, vae.vae()), batchSize, compute.seed(), device),
                        progress);
            }
            output.result(report, text(report));
        }
        return 0;
    }

    private List<Trial> trials(List<AttackSpec> settings, Vae vae) {
        for (AttackSpec one : settings) {
            if (one.attack() instanceof StagedAttack) {
                throw Usage.wrong(spec, "--attack " + one.name() + ": expected attacks without stages");
            }
        }
        Stream<Trial> plain = settings.stream().map(one -> Trial.untargeted(one.attack(), one.threatModel()));
        Stream<Trial> knowing = adaptive == 0
                ? Stream.of()
                : settings.stream()
                        .map(AttackSpec::threatModel)
                        .distinct()
                        .map(threat -> Trial.untargeted(new SelectivePgd(vae, adaptive), threat));
        return Stream.concat(plain, knowing).toList();
    }

    private static String text(DetectionReport report) {
        Table table = new Table(
                Table.text("attack"),
                Table.count("examples", ""),
                Table.text("AUC by bits"),
                Table.text("detected at 5 % false alarms"),
                Table.text("AUC by reconstruction"),
                Table.text("detected at 5 % false alarms"));
        report.attacks()
                .forEach(row -> table.row(
                        row.attack(),
                        row.examples(),
                        area(row.bits()),
                        share(row.bits()),
                        area(row.distance()),
                        share(row.distance())));
        return String.format(Locale.ROOT, "%,d images, 95 %% intervals%n%n", report.n()) + table.toText();
    }

    private static String area(DetectionReport.Score score) {
        return score == null
                ? "–"
                : String.format(
                        Locale.ROOT,
                        "%.3f (%.3f to %.3f)",
                        score.auc(),
                        score.aucCi95().get(0),
                        score.aucCi95().get(1));
    }

    private static String share(DetectionReport.Score score) {
        return score == null
                ? "–"
                : String.format(
                        Locale.ROOT,
                        "%.1f %% (%.1f to %.1f)",
                        100 * score.detectedAt5Percent(),
                        100 * score.detectedCi95().get(0),
                        100 * score.detectedCi95().get(1));
    }
}
