package varepsilon.lab.cli;

import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import varepsilon.data.ImageSet;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.lab.evaluate.LatentPictures;
import varepsilon.report.Animation;
import varepsilon.report.PngPicture;

/** {@code varepsilon vae animate}. */
@Command(
        name = "animate",
        description = "Animates a way through latent space, over the first images and back, as an animated PNG file.",
        footer = {"", "Example:", "  varepsilon vae animate --weights runs/digits --data mnist --out way.png"})
final class VaeAnimateCommand extends VaeImagesCommand {
    @Option(
            names = "--stops",
            paramLabel = "N",
            defaultValue = "6",
            description = "Images on the way (default: ${DEFAULT-VALUE}).")
    private int stops;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "12",
            description = "Pictures from one to the next (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
            names = "--milliseconds",
            paramLabel = "N",
            defaultValue = "80",
            description = "How long each picture is shown (default: ${DEFAULT-VALUE}).")
    private int milliseconds;

    VaeAnimateCommand(Console console) {
        super(console);
    }

    @Override
    PngPicture draw(Vae vae, ImageSet images, String caption, Picture picture, long seed) {
        return checked(() -> new Animation(
                LatentPictures.roundTrip(vae, images, stops, steps, picture, seed), Duration.ofMillis(milliseconds)));
    }
}
