package varepsilon.lab.cli;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.Normalisation;
import varepsilon.data.ImageSet;
import varepsilon.lab.run.NetworkChoice;

/** The properties of a classifier that its file does not state. */
final class StatedOptions {
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

    /** The properties, checked before anything is read. */
    ClassifierFile.Stated stated(CommandSpec command) {
        if ((mean == null) != (std == null)) {
            throw Usage.wrong(
                    command,
                    (mean == null ? "--normalize-std" : "--normalize-mean") + ": needs "
                            + (mean == null ? "--normalize-mean" : "--normalize-std") + " beside it");
        }
        return new ClassifierFile.Stated(
                Usage.check(command, () -> NetworkChoice.requireKnown(architecture)),
                Optional.ofNullable(normalisation(command)));
    }

    private Normalisation normalisation(CommandSpec command) {
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

    /** The same for these images. */
    ClassifierFile.Stated stated(CommandSpec command, ImageSet images) {
        ClassifierFile.Stated stated = stated(command);
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
        return stated;
    }
}
