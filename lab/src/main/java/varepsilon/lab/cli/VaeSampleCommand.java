package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import varepsilon.generative.Picture;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.report.ImageGrid;

/** {@code varepsilon vae sample}. */
@Command(
        name = "sample",
        description = "Draws samples of a VAE.",
        footer = {"", "Example:", "  varepsilon vae sample --weights runs/digits --count 64 --out samples.png"})
final class VaeSampleCommand extends VaePictureCommand {
    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "64",
            description = "How many (default: ${DEFAULT-VALUE}).")
    private int count;

    @Option(names = "--picture", paramLabel = "KIND", defaultValue = "sample", description = Descriptions.PICTURE)
    private Picture picture;

    VaeSampleCommand(Console console) {
        super(console);
    }

    @Override
    ImageGrid draw(VaeFile file, long seed) {
        return checked(() -> VaePictures.samples(file.vae(), count, picture, seed))
                .caption(count + " samples · " + Descriptions.name(picture));
    }
}
