package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.InputException;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.generative.VaeFile;
import varepsilon.graph.UnsupportedOperationsException;
import varepsilon.robust.vae.Purified;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;

/** The classifier, and the properties that its file does not state. */
final class ClassifierOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "FILE",
            description = "Weights (.safetensors, .pt, .pth), a TorchScript program, an ONNX model, or a run directory"
                    + " for its best weights.")
    private Path weights;

    @Mixin
    private final StatedOptions properties = new StatedOptions();

    @Option(
            names = "--black-box",
            description = "Run an ONNX model by ONNX Runtime, whatever its operations: attacks on scores or labels"
                    + " apply, such as square, spsa, hop-skip-jump and rays.")
    private boolean blackBox;

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
        return properties.stated(command);
    }

    /** Reads it for these images. */
    ClassifierFile read(Device device, ImageSet images) throws IOException {
        ClassifierFile file = read(properties.stated(command, images), device);
        return purify == null ? file : purified(file, images, device);
    }

    private ClassifierFile read(ClassifierFile.Stated stated, Device device) throws IOException {
        if (blackBox) {
            return ClassifierFile.blackBox(weights, stated, Engine.threads());
        }
        try {
            return ClassifierFile.read(weights, stated, device);
        } catch (UnsupportedOperationsException e) {
            throw new InputException(e.getMessage() + " (--black-box)", e);
        }
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
