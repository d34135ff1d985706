package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import varepsilon.data.ImageSet;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.lab.evaluate.LatentPictures;
import varepsilon.report.PngPicture;

/** {@code varepsilon vae scatter}. */
@Command(
        name = "scatter",
        description = "Draws where in latent space images are, in the colours of their classes.",
        footer = {
            "",
            "Each image is a point, its posterior mean: in a model of two latent dimensions as it is, in others along the",
            "two directions in which the means vary most (principal components).",
            "",
            "Example:",
            "  varepsilon vae scatter --weights runs/digits --data mnist --limit 5000 --out latent.png"
        })
final class VaeScatterCommand extends VaeImagesCommand {
    VaeScatterCommand(Console console) {
        super(console);
    }

    @Override
    PngPicture draw(Vae vae, ImageSet images, String caption, Picture picture, long seed) {
        return checked(() -> LatentPictures.scatter(vae, images, caption));
    }
}
