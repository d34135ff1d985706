package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.Normalisation;
import varepsilon.lab.experiment.NetworkChoice;
import varepsilon.tensor.Device;

/** Which trained classifier, and what its file does not say. */
final class ClassifierOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "FILE",
            description =
                    "Weights (.safetensors, .pt), a TorchScript program, or a run directory for its best weights.")
    private Path weights;

    @Option(
            names = "--architecture",
            paramLabel = "NAME",
            description = "Of the weights, where the file does not say or is wrong.")
    private String architecture;

    @Option(
            names = "--normalize-mean",
            paramLabel = "X,X,X",
            description = "By channel, in pixels: what the network's input is shifted by, where the file does not say.")
    private String mean;

    @Option(
            names = "--normalize-std",
            paramLabel = "X,X,X",
            description = "By channel, in pixels: what it is scaled by.")
    private String std;

    /** What a person says of the file, checked before anything is read. */
    ClassifierFile.Stated stated() {
        if ((mean == null) != (std == null)) {
            throw Usage.wrong(
                    command,
                    (mean == null ? "--normalize-std" : "--normalize-mean") + ": needs "
                            + (mean == null ? "--normalize-mean" : "--normalize-std") + " beside it");
        }
        return Usage.check(
                command,
                () -> new ClassifierFile.Stated(
                        NetworkChoice.requireKnown(architecture),
                        Optional.ofNullable(mean).map(value -> Normalisation.parse(value, std))));
    }

    ClassifierFile read(Device device) throws IOException {
        return ClassifierFile.read(weights, stated(), device);
    }
}
