package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import varepsilon.data.ImageSet;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.report.ImageGrid;

/** {@code varepsilon vae reconstruct}. */
@Command(
        name = "reconstruct",
        description = "Draws images, and below each its reconstruction by a VAE.",
        footer = {"", "Example:", "  varepsilon vae reconstruct --weights runs/digits --data mnist --out pairs.png"})
final class VaeReconstructCommand extends VaeImagesCommand {
    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "24",
            description = "How many (default: ${DEFAULT-VALUE}).")
    private int count;

    VaeReconstructCommand(Console console) {
        super(console);
    }

    @Override
    ImageGrid draw(Vae vae, ImageSet images, String caption, Picture picture, long seed) {
        return checked(() -> VaePictures.reconstructions(vae, images, count, picture, seed))
                .caption(caption);
    }
}
