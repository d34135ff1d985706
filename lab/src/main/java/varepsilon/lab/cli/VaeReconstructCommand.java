package varepsilon.lab.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.Picture;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.report.ImageGrid;
import varepsilon.tensor.Device;

/** {@code varepsilon vae reconstruct}. */
@Command(
        name = "reconstruct",
        description = "Draws images, and below each what a VAE keeps of it.",
        footer = {"", "Example:", "  varepsilon vae reconstruct --weights runs/digits --data mnist --out pairs.png"})
final class VaeReconstructCommand implements Callable<Integer> {
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
            names = "--count",
            paramLabel = "N",
            defaultValue = "24",
            description = "How many (default: ${DEFAULT-VALUE}).")
    private int count;

    @Option(names = "--picture", paramLabel = "KIND", defaultValue = "mean", description = Descriptions.PICTURE)
    private Picture picture;

    @Mixin
    private final PictureOptions pictures = new PictureOptions();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaeReconstructCommand(Console console) {
        output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        pictures.check();
        Device device = compute.start();
        ImageSet images = data.load(split, output);
        try (VaeFile file = weights.readVae(device, output)) {
            file.requireFits(images);
            ImageGrid grid = Usage.check(
                    spec, () -> VaePictures.reconstructions(file.vae(), images, count, picture, compute.seed()));
            pictures.write(grid.caption(data.name() + ", " + split.label() + " images"), output);
        }
        return 0;
    }
}
