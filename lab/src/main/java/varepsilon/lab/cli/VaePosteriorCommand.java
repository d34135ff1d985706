package varepsilon.lab.cli;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.AggregatePosterior;
import varepsilon.generative.KlDecomposition;
import varepsilon.generative.VaeFile;
import varepsilon.report.Table;
import varepsilon.tensor.Device;

/** {@code varepsilon vae posterior}. */
@Command(
        name = "posterior",
        description = "Compares a VAE's aggregate posterior, the average of q(z|x) over images, with its prior.",
        footer = {
            "",
            "The average divergence from the prior has parts: what z says of the image (index-code mutual information),",
            "how far the dimensions depend on each other (total correlation), and how far each is from the prior's",
            "(Hoffman, Johnson 2016; Chen et al. 2018). The last two are the mismatch: samples come from latent vectors",
            "that no image has. As z cannot say more than log N nats of which of N images it is, the mismatch is at least",
            "the divergence less log N, whatever the model; where it is about that, look at the dimension-wise part and at",
            "the moments. --limit N: the first N images stand for all of the part.",
            "",
            "Example:",
            "  varepsilon vae posterior --weights runs/digits --data mnist --limit 2000"
        })
final class VaePosteriorCommand implements Callable<Integer> {
    private static final int DIMENSIONS_SHOWN = 24;

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

    VaePosteriorCommand(Console console) {
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        if (batchSize < 1) {
            throw Usage.wrong(spec, "--batch-size " + batchSize + ": expected at least 1");
        }
        if (data.limit() == 1) {
            throw Usage.wrong(spec, "--limit 1: expected at least 2, whose posteriors are compared");
        }
        Device device = compute.start();
        data.note(data.name(), output);
        ImageSet all = Datasets.load(data.name(), split, data.folder());
        ImageSet images = data.limit() == 0 ? all : all.limit(data.limit());
        try (VaeFile file = weights.readVae(device, output)) {
            file.requireFits(images);
            AggregatePosterior result;
            try (WorkProgress progress = new WorkProgress(output, "images")) {
                result = AggregatePosterior.of(file.vae(), images, all.size(), batchSize, compute.seed(), progress);
            }
            output.result(result, text(result, file));
        }
        return 0;
    }

    private String text(AggregatePosterior result, VaeFile file) {
        return String.format(
                        Locale.ROOT,
                        "%s on %s %s: %,d of %,d images, %,d latent dimensions%n%n",
                        file.path(),
                        data.name(),
                        split.label(),
                        result.n(),
                        result.dataSize(),
                        result.latentDim())
                + (result.decomposition() == null
                        ? String.format("The parts of the divergence are computed for diagonal Gaussian posteriors.%n")
                        : parts(result.decomposition()))
                + correlation(result.gaussianTotalCorrelationNats())
                + System.lineSeparator()
                + dimensions(result.dimensions());
    }

    private static String correlation(Double nats) {
        return nats == null
                ? ""
                : String.format(
                        Locale.ROOT,
                        "%nTotal correlation of the normal distribution with the moments of q(z): %.3f nats%n",
                        nats);
    }

    private static String parts(KlDecomposition parts) {
        Table table = new Table(
                Table.text("divergence from the prior, average over images"),
                Table.number("value", "nats", 3),
                Table.number("standard error", "nats", 3));
        row(table, "KL(q(z|x) ‖ p(z))", parts.klNats());
        row(table, "  index-code mutual information", parts.indexCodeNats());
        row(table, "  KL(q(z) ‖ p(z)), the mismatch", parts.aggregateKlNats());
        table.row("    at least, for so many images", parts.aggregateKlFloorNats(), null);
        row(table, "    total correlation of q(z)", parts.totalCorrelationNats());
        if (parts.dimensionWiseKlNats() != null) {
            row(table, "    dimension-wise KL", parts.dimensionWiseKlNats());
        }
        return table.toText();
    }

    private static void row(Table table, String name, KlDecomposition.Part part) {
        table.row(name, part.value(), part.standardError());
    }

    /** Those that differ most from the prior, by the divergence of normal distributions of these moments. */
    private static String dimensions(List<AggregatePosterior.Dimension> dimensions) {
        Table table = new Table(
                Table.count("dimension", ""),
                Table.number("mean of q(z)", "", 3),
                Table.number("variance", "", 3),
                Table.number("mean of p(z)", "", 3),
                Table.number("variance", "", 3));
        IntStream.range(0, dimensions.size())
                .boxed()
                .sorted(Comparator.comparingDouble(j -> -mismatch(dimensions.get(j))))
                .limit(DIMENSIONS_SHOWN)
                .forEach(j -> {
                    AggregatePosterior.Dimension dimension = dimensions.get(j);
                    table.row(
                            j,
                            dimension.mean(),
                            dimension.variance(),
                            dimension.priorMean(),
                            dimension.priorVariance());
                });
        String left = dimensions.size() <= DIMENSIONS_SHOWN
                ? ""
                : String.format(
                        Locale.ROOT,
                        "and %,d more that differ less; --json has all%n",
                        dimensions.size() - DIMENSIONS_SHOWN);
        return table.toText() + left;
    }

    private static double mismatch(AggregatePosterior.Dimension dimension) {
        double ratio = dimension.variance() / dimension.priorVariance();
        double offset = dimension.mean() - dimension.priorMean();
        return ratio - 1 - Math.log(ratio) + offset * offset / dimension.priorVariance();
    }
}
