package varepsilon.lab.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.AnnealedImportanceSampling;
import varepsilon.generative.LogLikelihoodBracket;
import varepsilon.generative.VaeEvaluation;
import varepsilon.generative.VaeFile;
import varepsilon.report.Table;
import varepsilon.tensor.Device;

/** {@code varepsilon vae evaluate}. */
@Command(
        name = "evaluate",
        description = "Evaluates a VAE's bounds on the log-likelihood of images.",
        footer = {
            "",
            "Nats are summed over an image and averaged over images; all figures are negative log-likelihoods or",
            "parts of them (nelbo_nats = reconstruction_nats + kl_nats; iw_nats bounds -log p(x) more tightly than",
            "nelbo_nats): smaller is better.",
            "",
            "Example:",
            "  varepsilon vae evaluate --weights runs/digits --data mnist --importance-samples 64"
        })
final class VaeEvaluateCommand implements Callable<Integer> {
    private static final String NATS = "nats per image";

    @Spec
    private CommandSpec spec;

    @Mixin
    private final WeightsOption weights = new WeightsOption();

    @Mixin
    private final DataOptions data = new DataOptions();

    @Option(
            names = "--split",
            paramLabel = "PART",
            defaultValue = "test",
            description = "train or test (default: ${DEFAULT-VALUE}).")
    private Split split;

    @Option(
            names = "--importance-samples",
            paramLabel = "K",
            description = "Also the importance-weighted bound with K draws of z for each image.")
    private Integer importanceSamples;

    @Option(
            names = "--chunk",
            paramLabel = "N",
            description = "Draws of z decoded at once for each image; bounds memory (default: as many as take some"
                    + " hundred MB).")
    private Integer chunk;

    @Option(
            names = "--ais-steps",
            paramLabel = "N",
            description =
                    "Also a bound by annealed importance sampling with N distributions; thousands of times the work"
                            + " of -ELBO.")
    private Integer aisSteps;

    @Option(
            names = "--ais-chains",
            paramLabel = "N",
            defaultValue = "4",
            description = "Its chains for each image (default: ${DEFAULT-VALUE}).")
    private int aisChains;

    @Option(
            names = "--ais-leapfrogs",
            paramLabel = "N",
            defaultValue = "4",
            description = "Its leapfrog steps from one distribution to the next (default: ${DEFAULT-VALUE}).")
    private int aisLeapfrogs;

    @Option(
            names = "--ais-check",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Bound log p(x) from both sides on so many images that the model draws itself: how far the bound"
                            + " can be off (default: ${DEFAULT-VALUE}).")
    private int aisCheck;

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

    VaeEvaluateCommand(Console console) {
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        if (importanceSamples != null && importanceSamples < 1) {
            throw Usage.wrong(spec, "--importance-samples " + importanceSamples + ": expected at least 1");
        }
        if (chunk != null && chunk < 1) {
            throw Usage.wrong(spec, "--chunk " + chunk + ": expected at least 1");
        }
        VaeEvaluation.Settings settings = Usage.check(
                spec,
                () -> new VaeEvaluation.Settings(
                        batchSize,
                        compute.seed(),
                        importanceSamples == null ? 0 : importanceSamples,
                        chunk == null ? 0 : chunk));
        AnnealedImportanceSampling annealing = Usage.check(
                spec,
                () -> aisSteps == null ? null : new AnnealedImportanceSampling(aisSteps, aisChains, aisLeapfrogs));
        if (annealing == null && aisCheck != 0) {
            throw Usage.wrong(spec, "--ais-check: has no effect without --ais-steps");
        }
        Device device = compute.start();
        ImageSet images = data.load(split, output);
        try (VaeFile file = weights.readVae(device, output)) {
            file.requireFits(images);
            VaeEvaluation result = evaluate(file, images, settings);
            LogLikelihoodBracket bracket = annealing == null ? null : bracket(file, images, annealing);
            output.result(new Both(result, bracket), text(result, bracket, file));
            if (file.vae().likelihood().isDensity()) {
                output.note(VaeNotes.density(file.vae().likelihood()));
            }
            if (result.activeUnits() == 0) {
                output.note(VaeNotes.COLLAPSED);
            }
        }
        return 0;
    }

    private VaeEvaluation evaluate(VaeFile file, ImageSet images, VaeEvaluation.Settings settings) {
        try (WorkProgress progress = new WorkProgress(output, "images")) {
            return VaeEvaluation.of(file.vae(), images, settings, progress);
        }
    }

    private LogLikelihoodBracket bracket(VaeFile file, ImageSet images, AnnealedImportanceSampling annealing) {
        try (WorkProgress progress = new WorkProgress(output, "images")) {
            return LogLikelihoodBracket.of(file.vae(), images, annealing, aisCheck, compute.seed(), progress);
        }
    }

    /** One object of both. */
    private record Both(
            @JsonUnwrapped VaeEvaluation evaluation,
            @JsonUnwrapped LogLikelihoodBracket bracket) {}

    private static String interval(List<Double> bounds) {
        return bounds == null ? "" : String.format(Locale.ROOT, "%.2f to %.2f", bounds.get(0), bounds.get(1));
    }

    private String text(VaeEvaluation result, LogLikelihoodBracket bracket, VaeFile file) {
        Table table = new Table(
                        Table.text("quantity"),
                        Table.number("value", "", 4),
                        Table.text("unit"),
                        Table.text("95 % over images"))
                .row("negative ELBO", result.bpd(), result.bpdUnit(), "")
                .row("negative ELBO", result.nelboNats(), NATS, interval(result.nelboCi95()))
                .row("  reconstruction", result.reconstructionNats(), NATS, "")
                .row("  KL divergence", result.klNats(), NATS, "");
        if (result.importanceSamples() != null) {
            String name = String.format(Locale.ROOT, "−log p(x), %,d importance samples", result.importanceSamples());
            table.row(name, result.iwBpd(), result.bpdUnit(), "")
                    .row(name, result.iwNats(), NATS, interval(result.iwCi95()))
                    .row("  effective samples, median", result.effectiveSamples(), "draws of z", "");
        }
        if (bracket != null) {
            String name = String.format(Locale.ROOT, "−log p(x), annealed in %,d steps", bracket.aisSteps());
            table.row(name, bracket.aisBpd(), result.bpdUnit(), "")
                    .row(name, bracket.aisNats(), NATS, interval(bracket.aisCi95()));
            if (bracket.aisGapNats() != null) {
                table.row(
                        "  gap of both bounds, drawn images",
                        bracket.aisGapNats(),
                        NATS,
                        interval(bracket.aisGapCi95()));
            }
        }
        return String.format(
                        Locale.ROOT,
                        "%s on %s %s: %,d images; %d of %d latent dimensions active%n%n",
                        file.path(),
                        data.name(),
                        split.label(),
                        result.n(),
                        result.activeUnits(),
                        result.latentDim())
                + table.toText();
    }
}
