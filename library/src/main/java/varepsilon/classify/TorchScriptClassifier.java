package varepsilon.classify;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;
import varepsilon.tensor.TorchScript;

/**
 * A TorchScript program as a classifier. It is always in evaluation mode. A program whose parameters are of another
 * type than FLOAT32 gets its input converted where it needs that; of a tuple, a list or a dict one tensor is taken; and
 * one number z for each image, as models that tell two classes apart return it, stands for the logits 0 and z, whose
 * cross-entropy is the binary cross-entropy of z.
 */
public final class TorchScriptClassifier implements Classifier {
    private final Path file;
    private final TorchScript program;
    private final Normalisation normalisation;
    private final InputNormaliser normaliser;
    private final Set<String> notes = Collections.synchronizedSet(new LinkedHashSet<>());
    private volatile long outputs;
    private final SingleOutput single = new SingleOutput();

    private TorchScriptClassifier(Path file, TorchScript program, Normalisation normalisation, Device device) {
        this.file = file;
        this.program = program;
        this.normalisation = normalisation;
        this.normaliser = new InputNormaliser(normalisation, DType.FLOAT32, device);
    }

    /**
     * Loads a program that takes normalised images.
     *
     * @param normalisation one value a channel, or one for all
     * @throws InputException where it is none, is damaged, or needs an operation that the engine does not have
     * @throws IOException on an I/O error
     */
    public static TorchScriptClassifier load(Path file, Normalisation normalisation, Device device) throws IOException {
        return new TorchScriptClassifier(file, TorchScript.load(file, device), normalisation, device);
    }

    @Override
    public Tensor logits(Tensor pixels) {
        TorchScript.Output output = program.forward(normaliser.apply(pixels));
        Tensor logits = output.tensor();
        if (!logits.dtype().isFloatingPoint()) {
            throw new InputException(file + ": this TorchScript program returns " + logits + "; expected logits");
        }
        if (!output.place().isEmpty()) {
            notes.add("does not return a lone tensor: " + output.place() + ", N×"
                    + (logits.dimensions() == 2 ? logits.size(1) : 1) + " for N images, is taken for the logits");
        }
        program.convertsTo()
                .ifPresent(type -> notes.add("computes in " + type + ": pixels are converted to it"
                        + (type.bytes() < DType.FLOAT32.bytes() ? ", which rounds them and small perturbations," : "")
                        + " and logits back to FLOAT32"));
        logits = logits.to(DType.FLOAT32);
        logits = single.logits(logits, pixels.size(0));
        outputs = logits.dimensions() == 2 ? logits.size(1) : 0;
        return logits;
    }

    @Override
    public List<String> notes() {
        List<String> all;
        synchronized (notes) {
            all = new ArrayList<>(notes);
        }
        single.note().ifPresent(all::add);
        return all;
    }

    /** The number of classes; empty until it has been used. */
    Optional<Long> outputs() {
        return outputs == 0 ? Optional.empty() : Optional.of(outputs);
    }

    /** @throws InputException where its normalisation is for another number of colour channels */
    void requireFits(ImageSet images) {
        normalisation.requireFits(images);
    }

    @Override
    public void close() {
        program.close();
        normaliser.close();
    }
}
