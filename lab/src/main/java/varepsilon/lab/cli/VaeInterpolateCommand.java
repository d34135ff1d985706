package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import varepsilon.data.ImageSet;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.report.ImageGrid;

/** {@code varepsilon vae interpolate}. */
@Command(
        name = "interpolate",
        description = "Draws linear interpolations between images in latent space.",
        footer = {"", "Example:", "  varepsilon vae interpolate --weights runs/digits --data mnist --out lines.png"})
final class VaeInterpolateCommand extends VaeImagesCommand {
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

    VaeInterpolateCommand(Console console) {
        super(console);
    }

    @Override
    ImageGrid draw(Vae vae, ImageSet images, String caption, Picture picture, long seed) {
        return checked(() -> VaePictures.interpolations(vae, images, pairs, steps, picture, seed))
                .caption(caption + " · " + Descriptions.name(picture));
    }
}
