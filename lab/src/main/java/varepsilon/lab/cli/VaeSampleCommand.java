package varepsilon.lab.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.generative.Picture;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.report.ImageGrid;

/** {@code varepsilon vae sample}. */
@Command(
        name = "sample",
        description = "Draws images that a VAE dreams up.",
        footer = {"", "Example:", "  varepsilon vae sample --weights runs/digits --count 64 --out samples.png"})
final class VaeSampleCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final WeightsOption weights = new WeightsOption();

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "64",
            description = "How many (default: ${DEFAULT-VALUE}).")
    private int count;

    @Option(names = "--picture", paramLabel = "KIND", defaultValue = "sample", description = Descriptions.PICTURE)
    private Picture picture;

    @Mixin
    private final PictureOptions pictures = new PictureOptions();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaeSampleCommand(Console console) {
        output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        pictures.check();
        try (VaeFile file = weights.readVae(compute.start(), output)) {
            ImageGrid grid = Usage.check(spec, () -> VaePictures.samples(file.vae(), count, picture, compute.seed()));
            pictures.write(grid.caption(count + " samples · " + Descriptions.name(picture)), output);
        }
        return 0;
    }
}
