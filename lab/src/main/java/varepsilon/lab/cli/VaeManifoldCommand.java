package varepsilon.lab.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.InputException;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.report.ImageGrid;

/** {@code varepsilon vae manifold}. */
@Command(
        name = "manifold",
        description = "Draws the plane of a two-dimensional latent space: what each point of it decodes to.",
        footer = {"", "Example:", "  varepsilon vae manifold --weights runs/plane --size 20 --out plane.png"})
final class VaeManifoldCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final WeightsOption weights = new WeightsOption();

    @Option(
            names = "--size",
            paramLabel = "N",
            defaultValue = "20",
            description = "Images on each side (default: ${DEFAULT-VALUE}).")
    private int size;

    @Mixin
    private final PictureOptions pictures = new PictureOptions();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaeManifoldCommand(Console console) {
        output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        pictures.check();
        try (VaeFile file = weights.readVae(compute.start(), output)) {
            int latentDim = file.architecture().latentDim();
            if (latentDim != 2) {
                throw new InputException(file.path() + ": has " + latentDim
                        + " latent dimensions; a manifold needs a model that was trained with --latent-dim 2");
            }
            ImageGrid grid = Usage.check(spec, () -> VaePictures.manifold(file.vae(), size));
            pictures.write(grid.caption("the plane of both latent dimensions · mean"), output);
        }
        return 0;
    }
}
