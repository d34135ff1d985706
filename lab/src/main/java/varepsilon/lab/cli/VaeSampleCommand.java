package varepsilon.lab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import varepsilon.base.InputException;
import varepsilon.generative.Picture;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.VaePictures;
import varepsilon.report.ImageGrid;

/** {@code varepsilon vae sample}. */
@Command(
        name = "sample",
        description = "Draws samples of a VAE.",
        footer = {
            "",
            "Examples:",
            "  varepsilon vae sample --weights runs/digits --count 64 --out samples.png",
            "  varepsilon vae sample --weights runs/conditional --label 3 --out threes.png"
        })
final class VaeSampleCommand extends VaePictureCommand {
    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "64",
            description = "How many (default: ${DEFAULT-VALUE}).")
    private int count;

    @Option(names = "--picture", paramLabel = "KIND", defaultValue = "sample", description = Descriptions.PICTURE)
    private Picture picture;

    @Option(
            names = "--label",
            paramLabel = "CLASS",
            description = "The class, by number, of a model trained with --condition label (default: all in turn).")
    private Integer label;

    VaeSampleCommand(Console console) {
        super(console);
    }

    @Override
    ImageGrid draw(VaeFile file, long seed) {
        if (label == null) {
            return checked(() -> VaePictures.samples(file.vae(), count, picture, seed))
                    .caption(count + " samples · " + Descriptions.name(picture));
        }
        if (file.vae().classes() == 0) {
            throw new InputException(file.path()
                    + ": is not a conditional model; --label needs one that was trained with --condition label");
        }
        return checked(() -> VaePictures.samples(file.vae(), count, new int[] {label}, picture, seed))
                .caption(count + " samples of class " + label + " · " + Descriptions.name(picture));
    }
}
