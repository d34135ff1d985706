package varepsilon.lab.cli;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.data.Datasets;
import varepsilon.data.FactorTable;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.Disentanglement;
import varepsilon.generative.VaeFile;
import varepsilon.report.Table;
import varepsilon.stats.Percent;
import varepsilon.tensor.Device;

/** {@code varepsilon vae disentangle}. */
@Command(
        name = "disentangle",
        description = "Measures how far a VAE separates the factors that images were drawn from.",
        footer = {
            "",
            "Of the means of q(z|x): the FactorVAE score (Kim, Mnih 2018), the mutual information gap (Chen et al. 2018),",
            "and disentanglement, completeness and informativeness by lasso (Eastwood, Williams 2018).",
            "",
            "Example:",
            "  varepsilon vae disentangle --weights runs/shapes --data shapes"
        })
final class VaeDisentangleCommand implements Callable<Integer> {
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
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "128",
            description = "Images at once (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaeDisentangleCommand(Console console) {
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        if (batchSize < 1) {
            throw Usage.wrong(spec, "--batch-size " + batchSize + ": expected at least 1");
        }
        FactorTable factors = Datasets.named(data.name())
                .factors(split)
                .orElseThrow(() -> Usage.wrong(
                        spec,
                        "--data " + data.name() + ": the factors that its images were drawn from are not known;"
                                + " expected shapes"));
        Device device = compute.start();
        ImageSet images = data.load(split, output);
        try (VaeFile file = weights.readVae(device, output)) {
            file.requireFits(images);
            Disentanglement result;
            try (WorkProgress progress = new WorkProgress(output, "images")) {
                result = Disentanglement.of(
                        file.vae(), images, factors.limit(images.size()), batchSize, compute.seed(), progress);
            }
            output.result(result, text(result, file));
        }
        return 0;
    }

    private String text(Disentanglement result, VaeFile file) {
        Table scores = new Table(Table.text("score"), Table.number("value", "", 3), Table.text("from the paper of"))
                .row(
                        "FactorVAE score (chance " + Percent.of(result.factorVaeChance()) + ")",
                        result.factorVaeScore(),
                        "Kim, Mnih 2018")
                .row("mutual information gap", result.mig(), "Chen et al. 2018")
                .row("DCI disentanglement", result.dciDisentanglement(), "Eastwood, Williams 2018")
                .row("DCI completeness", result.dciCompleteness(), "")
                .row("DCI informativeness", result.dciInformativeness(), "");
        Table factors = new Table(
                Table.text("factor"),
                Table.number("gap", "", 3),
                Table.count("dimension that says most", ""),
                Table.number("information", "nats", 3));
        for (Disentanglement.OfFactor factor : result.factors()) {
            factors.row(
                    factor.name(),
                    factor.gap(),
                    factor.dimension(),
                    factor.informationNats().get(factor.dimension()));
        }
        return String.format(
                Locale.ROOT,
                "%s on %s %s: %,d images, %d latent dimensions%n%n%s%n%s",
                file.path(),
                data.name(),
                split.label(),
                result.n(),
                result.latentDim(),
                scores.toText(),
                factors.toText());
    }
}
