package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import varepsilon.base.InputException;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.report.ImageGrid;

/** {@code varepsilon vae manifold}. */
@Command(
        name = "manifold",
        description = "Draws the decoded images of a grid in a two-dimensional latent space.",
        footer = {"", "Example:", "  varepsilon vae manifold --weights runs/plane --size 20 --out plane.png"})
final class VaeManifoldCommand extends VaePictureCommand {
    @Option(
            names = "--size",
            paramLabel = "N",
            defaultValue = "20",
            description = "Images on each side (default: ${DEFAULT-VALUE}).")
    private int size;

    VaeManifoldCommand(Console console) {
        super(console);
    }

    @Override
    ImageGrid draw(VaeFile file, long seed) {
        int latentDim = file.architecture().latentDim();
        if (latentDim != 2) {
            throw new InputException(file.path() + ": has " + latentDim
                    + " latent dimensions; a manifold needs a model that was trained with --latent-dim 2");
        }
        return checked(() -> VaePictures.manifold(file.vae(), size))
                .caption("the plane of both latent dimensions · mean");
    }
}
