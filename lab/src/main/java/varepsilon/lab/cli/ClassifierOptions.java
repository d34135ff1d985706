package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.Normalisation;
import varepsilon.data.ImageSet;
import varepsilon.generative.VaeFile;
import varepsilon.lab.run.NetworkChoice;
import varepsilon.robust.vae.Purified;
import varepsilon.tensor.Device;

/** The classifier, and the properties that its file does not state. */
final class ClassifierOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "FILE",
            description = "Weights (.safetensors, .pt, .pth), a TorchScript program, or a run directory for its best"
                    + " weights.")
    private Path weights;

    @Option(
            names = "--architecture",
            paramLabel = "NAME",
            description = "The architecture of the weights, where the file does not state it or states a wrong one.")
    private String architecture;

    @Option(
            names = "--normalize-mean",
            split = ",",
            paramLabel = "X",
            converter = Fraction.class,
            description = "Mean by channel, in pixels, that is subtracted from the network's input, where the file"
                    + " does not state it.")
    private List<Double> mean;

    @Option(
            names = "--normalize-std",
            split = ",",
            paramLabel = "X",
            converter = Fraction.class,
            description = "Standard deviation by channel, in pixels, by which it is divided.")
    private List<Double> std;

    @Option(
            names = "--purify",
            paramLabel = "FILE",
            description =
                    "Let this VAE redraw every image before the classifier sees it: encode, draw z, decode. Attacks"
                            + " go through both; average their gradients over draws by eot.")
    private Path purify;

    /** The file, as it was given. */
    Path path() {
        return weights;
    }

    /** The stated properties of the file, checked before anything is read. */
    ClassifierFile.Stated stated() {
        if ((mean == null) != (std == null)) {
            throw Usage.wrong(
                    command,
                    (mean == null ? "--normalize-std" : "--normalize-mean") + ": needs "
                            + (mean == null ? "--normalize-mean" : "--normalize-std") + " beside it");
        }
        return new ClassifierFile.Stated(
                Usage.check(command, () -> NetworkChoice.requireKnown(architecture)),
                Optional.ofNullable(normalisation()));
    }

    private Normalisation normalisation() {
        if (mean == null) {
            return null;
        }
        if (mean.size() != std.size()) {
            throw Usage.wrong(
                    command,
                    "--normalize-mean has " + mean.size() + " numbers, --normalize-std " + std.size()
                            + "; expected one of each for every colour channel");
        }
        try {
            return new Normalisation(mean, std);
        } catch (IllegalArgumentException e) {
            throw Usage.wrong(command, "--normalize-mean, --normalize-std: " + e.getMessage());
        }
    }

    /** Reads it for these images. */
    ClassifierFile read(Device device, ImageSet images) throws IOException {
        ClassifierFile.Stated stated = stated();
        int channels = images.channels();
        if (mean != null && mean.size() != channels) {
            throw Usage.wrong(
                    command,
                    "--normalize-mean and --normalize-std have " + mean.size()
                            + (mean.size() == 1 ? " number" : " numbers")
                            + " each; the images of " + images.name() + " have " + channels
                            + (channels == 1 ? " colour channel: expected 1" : " colour channels: expected " + channels)
                            + ", joined by commas");
        }
        ClassifierFile file = ClassifierFile.read(weights, stated, device);
        return purify == null ? file : purified(file, images, device);
    }

    private ClassifierFile purified(ClassifierFile file, ImageSet images, Device device) throws IOException {
        try {
            VaeFile vae = VaeFile.read(purify, device);
            try {
                vae.requireFits(images);
                List<String> notes = new ArrayList<>(file.notes());
                notes.addAll(vae.notes());
                return new ClassifierFile(
                        file.path(), new Purified(vae.vae(), file.classifier(), 0), Optional.empty(), notes);
            } catch (RuntimeException e) {
                vae.close();
                throw e;
            }
        } catch (RuntimeException | IOException e) {
            file.close();
            throw e;
        }
    }
}
