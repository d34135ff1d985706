package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import varepsilon.data.ImageSet;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.lab.evaluate.LatentPictures;
import varepsilon.report.ImageGrid;

/** {@code varepsilon vae traverse}. */
@Command(
        name = "traverse",
        description = "Draws what each latent dimension changes.",
        footer = {
            "",
            "Each row begins with the first image and moves one latent dimension; the dimensions whose posterior mean",
            "varies most over the images come first.",
            "",
            "Example:",
            "  varepsilon vae traverse --weights runs/digits --data mnist --dims 8 --out dimensions.png"
        })
final class VaeTraverseCommand extends VaeImagesCommand {
    @Option(
            names = "--dims",
            paramLabel = "N",
            defaultValue = "8",
            description = "Latent dimensions, at most (default: ${DEFAULT-VALUE}).")
    private int dimensions;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "9",
            description = "Images in a row (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
            names = "--range",
            paramLabel = "X",
            defaultValue = "3",
            description = "Each dimension runs from -X to X (default: ${DEFAULT-VALUE}).")
    private double range;

    VaeTraverseCommand(Console console) {
        super(console);
    }

    @Override
    ImageGrid draw(Vae vae, ImageSet images, String caption, Picture picture, long seed) {
        int rows = Math.min(dimensions, vae.prior().latentDim());
        return checked(() -> LatentPictures.traversals(vae, images, rows, steps, range, picture, seed))
                .caption(caption + " · " + Descriptions.name(picture));
    }
}
