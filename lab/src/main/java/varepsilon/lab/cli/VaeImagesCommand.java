package varepsilon.lab.cli;

import java.io.IOException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeFile;
import varepsilon.report.PngPicture;

/** A command that draws what a VAE makes of images. */
abstract class VaeImagesCommand extends VaePictureCommand {
    @Mixin
    private final DataOptions data = new DataOptions();

    @Option(
            names = "--split",
            paramLabel = "PART",
            defaultValue = "test",
            description = "train or test (default: ${DEFAULT-VALUE}).")
    private Split split;

    @Option(names = "--picture", paramLabel = "KIND", defaultValue = "mean", description = Descriptions.PICTURE)
    private Picture picture;

    private ImageSet images;

    VaeImagesCommand(Console console) {
        super(console);
    }

    /** Draws the picture, with a caption that begins with that of the images. */
    abstract PngPicture draw(Vae vae, ImageSet images, String caption, Picture picture, long seed);

    @Override
    final void load(Output notes) throws IOException {
        images = data.load(split, notes);
    }

    @Override
    final PngPicture draw(VaeFile file, long seed) {
        file.requireFits(images);
        return draw(file.vae(), images, data.name() + ", " + split.label() + " images", picture, seed);
    }
}
