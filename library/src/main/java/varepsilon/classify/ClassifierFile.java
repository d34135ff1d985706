package varepsilon.classify;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.graph.OnnxFile;
import varepsilon.nn.Init;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.TorchScript;
import varepsilon.train.RunDirectory;
import varepsilon.weights.ModelWeights;

/**
 * A trained classifier read from a file, in evaluation mode.
 *
 * @param path the file
 * @param classifier the model, owned by this
 * @param architecture the architecture; empty for a TorchScript program or an ONNX model
 * @param notes notes on how the file was interpreted, a sentence each
 */
public record ClassifierFile(Path path, Classifier classifier, Optional<Architecture> architecture, List<String> notes)
        implements AutoCloseable {

    /** Copies the notes. */
    public ClassifierFile {
        notes = List.copyOf(notes);
    }

    /** The notes from reading and from use since, such as how a program's outputs were interpreted. */
    @Override
    public List<String> notes() {
        List<String> all = new ArrayList<>(notes);
        classifier.notes().forEach(note -> all.add(path + " " + note));
        return List.copyOf(all);
    }

    /** The {@link #notes}, and notes on its use on these images. */
    public List<String> notesOn(ImageSet images) {
        List<String> all = new ArrayList<>(notes());
        if (images.isLabelled() && classifier instanceof TorchScriptClassifier program) {
            int labels = images.classNames().size();
            program.outputs()
                    .filter(outputs -> outputs > labels)
                    .ifPresent(outputs -> all.add(path + " has " + outputs
                            + " outputs, of which the labels of " + images.name() + " name only the first, 0 to "
                            + (labels - 1)
                            + "; a program made for " + outputs
                            + " classes probably assigns other classes to these labels, and then its accuracy here"
                            + " is meaningless"));
        }
        return List.copyOf(all);
    }

    /**
     * Stated properties of a file; they take precedence over its metadata.
     *
     * @param architecture one that {@link Architecture#isKnown}
     * @param normalisation what the network's input is shifted and scaled by
     */
    public record Stated(Optional<String> architecture, Optional<Normalisation> normalisation) {
        /** Nothing is stated. */
        public static final Stated NOTHING = new Stated(Optional.empty(), Optional.empty());
    }

    /** As {@link #read(Path, Stated, Device)}, with nothing stated. */
    public static ClassifierFile read(Path weights, Device device) throws IOException {
        return read(weights, Stated.NOTHING, device);
    }

    /**
     * Reads a classifier. Properties that neither {@code stated} nor the metadata give are inferred from the names and
     * shapes of its tensors. A normalisation cannot be inferred; where there is none the pixels are not normalised, and
     * a note is added.
     *
     * @param weights a safetensors file, a PyTorch state dict, a TorchScript program or an ONNX model (told by its content, not its
     *     name), or a run directory, which stands for its best weights
     * @throws InputException where there is no such file, it is damaged, or it does not hold that classifier
     * @throws IOException on an I/O error
     */
    public static ClassifierFile read(Path weights, Stated stated, Device device) throws IOException {
        Path file = RunDirectory.weightsOf(weights);
        if (OnnxFile.isOnnx(file)) {
            return onnx(file, stated, device);
        }
        return TorchScript.isProgram(file) ? program(file, stated, device) : network(file, stated, device);
    }

    /**
     * Opens an ONNX model as a black box, run outside the engine; such a classifier has no gradients.
     *
     * @throws InputException where it is none, or cannot be run
     * @throws IOException on an I/O error
     */
    public static ClassifierFile blackBox(Path file, Stated stated, int threads) throws IOException {
        if (!OnnxFile.isOnnx(file)) {
            throw new InputException(file + ": not an ONNX model; expected one, to run it as a black box");
        }
        requireNoArchitecture(file, "an ONNX model", stated);
        Normalisation normalisation = stated.normalisation().orElse(Normalisation.none(1));
        return new ClassifierFile(
                file,
                OnnxBlackBox.open(file, normalisation, threads),
                Optional.empty(),
                assumedPixels(file, "an ONNX model", stated));
    }

    private static ClassifierFile onnx(Path file, Stated stated, Device device) throws IOException {
        requireNoArchitecture(file, "an ONNX model", stated);
        Normalisation normalisation = stated.normalisation().orElse(Normalisation.none(1));
        return new ClassifierFile(
                file,
                OnnxClassifier.load(file, normalisation, device),
                Optional.empty(),
                assumedPixels(file, "an ONNX model", stated));
    }

    private static void requireNoArchitecture(Path file, String format, Stated stated) {
        if (stated.architecture().isPresent()) {
            throw new InputException(file + ": " + format + ", which brings its own architecture; it cannot be read as"
                    + " a " + stated.architecture().get());
        }
    }

    private static List<String> assumedPixels(Path file, String format, Stated stated) {
        return stated.normalisation().isPresent()
                ? List.of()
                : List.of(file + " is " + format + ", so its input is pixels in [0, 1], not normalised; if it expects"
                        + " normalised input, state the mean and the standard deviation");
    }

    private static ClassifierFile program(Path file, Stated stated, Device device) throws IOException {
        requireNoArchitecture(file, "a TorchScript program", stated);
        // One channel stands for however many the program takes.
        Normalisation normalisation = stated.normalisation().orElse(Normalisation.none(1));
        return new ClassifierFile(
                file,
                TorchScriptClassifier.load(file, normalisation, device),
                Optional.empty(),
                assumedPixels(file, "a TorchScript program", stated));
    }

    private static ClassifierFile network(Path file, Stated stated, Device device) throws IOException {
        try (var scope = Scope.withoutGradients();
                Rng unused = Seed.of(0).stream()) {
            ModelWeights found = ModelWeights.read(file, ArchitectureOfWeights.accepted(stated));
            List<String> notes = new ArrayList<>(found.notes());
            String where = found.place().isEmpty() ? file.toString() : file + ", in " + found.place();
            ArchitectureOfWeights.Described described =
                    new ArchitectureOfWeights(found.weights(), where).describe(stated, notes);
            Architecture architecture = described.architecture();
            NetworkClassifier classifier = architecture.create(Init.on(device, unused));
            try {
                classifier.module().load(described.weights());
                classifier.module().train(false);
                return new ClassifierFile(file, classifier, Optional.of(architecture), notes);
            } catch (InputException e) {
                classifier.close();
                throw new InputException("as a " + architecture.name() + ", " + e.getMessage(), e);
            }
        }
    }

    /** @throws InputException where the model cannot take these images, or has not as many classes as they */
    public void requireFits(ImageSet images) {
        try {
            architecture.ifPresent(known -> known.requireFits(images));
            if (classifier instanceof TorchScriptClassifier program) {
                program.requireFits(images);
            }
            if (classifier instanceof OnnxClassifier model) {
                model.requireFits(images);
            }
            if (classifier instanceof OnnxBlackBox model) {
                model.requireFits(images);
            }
        } catch (InputException e) {
            throw new InputException(path + ": " + e.getMessage(), e);
        }
    }

    /** Frees the model. */
    @Override
    public void close() {
        classifier.close();
    }
}
