package varepsilon.classify;

import java.io.IOException;
import java.nio.file.Path;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.InputException;
import varepsilon.tensor.Tensor;
import varepsilon.tensor.TorchScript;

/** A TorchScript program as a classifier. It is always in evaluation mode. */
public final class TorchScriptClassifier implements Classifier {
    private final Path file;
    private final TorchScript program;
    private final InputNormaliser normaliser;

    private TorchScriptClassifier(Path file, TorchScript program, InputNormaliser normaliser) {
        this.file = file;
        this.program = program;
        this.normaliser = normaliser;
    }

    /**
     * Loads a program that takes normalised images.
     *
     * @throws InputException where it is none, is damaged, or needs an operation that the engine does not have
     * @throws IOException where the disk fails
     */
    public static TorchScriptClassifier load(Path file, Normalisation normalisation, Device device) throws IOException {
        return new TorchScriptClassifier(
                file, TorchScript.load(file, device), new InputNormaliser(normalisation, DType.FLOAT32, device));
    }

    @Override
    public Tensor logits(Tensor pixels) {
        Tensor logits = program.forward(normaliser.apply(pixels));
        if (!logits.dtype().isFloatingPoint()) {
            throw new InputException(file + ": this TorchScript program returns " + logits + "; expected logits");
        }
        return logits;
    }

    @Override
    public void close() {
        program.close();
        normaliser.close();
    }
}
