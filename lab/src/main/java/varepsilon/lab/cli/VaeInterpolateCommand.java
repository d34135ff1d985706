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

/** {@code varepsilon vae interpolate}. */
@Command(
        name = "interpolate",
        description = "Draws the way from one image to another, straight through latent space.",
        footer = {"", "Example:", "  varepsilon vae interpolate --weights runs/digits --data mnist --out lines.png"})
final class VaeInterpolateCommand implements Callable<Integer> {
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
            names = "--pairs",
            paramLabel = "N",
            defaultValue = "8",
            description = "Lines, each between two images (default: ${DEFAULT-VALUE}).")
    private int pairs;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "10",
            description = "Points on a line, ends included (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--picture", paramLabel = "KIND", defaultValue = "mean", description = Descriptions.PICTURE)
    private Picture picture;

    @Mixin
    private final PictureOptions pictures = new PictureOptions();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaeInterpolateCommand(Console console) {
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
                    spec, () -> VaePictures.interpolations(file.vae(), images, pairs, steps, picture, compute.seed()));
            pictures.write(
                    grid.caption(data.name() + ", " + split.label() + " images · " + Descriptions.name(picture)),
                    output);
        }
        return 0;
    }
}
