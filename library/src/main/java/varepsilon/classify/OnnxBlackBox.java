package varepsilon.classify;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.graph.FixedBatch;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * An ONNX model that {@link OnnxRunner} runs, as a classifier without gradients: whatever its operations, quantised
 * ones included. Probabilities that it returns become their logarithms, of which softmax makes the same probabilities.
 */
public final class OnnxBlackBox implements Classifier {
    private static final double SMALLEST_PROBABILITY = 1e-30;

    private final OnnxRunner.Session session;
    private final OnnxInput input;
    private final InputNormaliser normaliser;
    private final Normalisation normalisation;
    private final Set<String> notes = Collections.synchronizedSet(new LinkedHashSet<>());
    private final SingleOutput single = new SingleOutput();

    private OnnxBlackBox(OnnxRunner runner, OnnxRunner.Session session, Normalisation normalisation) {
        this.session = session;
        this.input = new OnnxInput(session.input());
        this.normalisation = normalisation;
        this.normaliser = new InputNormaliser(normalisation, DType.FLOAT32, Device.CPU);
        notes.add("is run by " + runner.name() + " as a black box, which has no gradients: attacks on scores or labels"
                + " apply. Its input is " + session.input() + ", its output " + session.output());
        if (session.input().dtype() == DType.UINT8) {
            notes.add("takes bytes: pixels are multiplied by 255 and rounded");
        } else if (session.input().dtype() != DType.FLOAT32) {
            notes.add(
                    "takes numbers of type " + session.input().dtype() + ", to which pixels from 0 to 1 are converted");
        }
    }

    /**
     * Opens a model that takes normalised images.
     *
     * @param normalisation one value a channel, or one for all
     * @throws InputException where it cannot be run, or nothing that runs such models is on the class path
     * @throws IOException on an I/O error
     */
    public static OnnxBlackBox open(Path path, Normalisation normalisation, int threads) throws IOException {
        OnnxRunner runner = OnnxRunner.find()
                .orElseThrow(() -> new InputException(path + ": no program that runs ONNX models as black boxes is on"
                        + " the class path; the module varepsilon-onnxruntime brings one"));
        return new OnnxBlackBox(runner, runner.open(path, threads), normalisation);
    }

    @Override
    public Tensor logits(Tensor pixels) {
        Tensor found;
        try (var scope = Scope.withoutGradients()) {
            Tensor normalised = normaliser.apply(pixels.to(Device.CPU));
            Tensor x = input.arranged(normalised);
            input.note(normalised).ifPresent(notes::add);
            DType type = session.input().dtype();
            Tensor typed =
                    type == DType.UINT8 ? x.mul(255).add(0.5).clamp(0, 255).to(type) : x.to(type);
            long batch = session.input().shape().isEmpty()
                    ? -1
                    : session.input().shape().get(0);
            Tensor output = FixedBatch.run(batch, typed, session::run).to(DType.FLOAT32);
            found = scope.keep(scores(single.logits(output, pixels.size(0))).to(pixels.device()));
        }
        return found;
    }

    private Tensor scores(Tensor output) {
        if (output.dimensions() != 2 || !Logits.areProbabilities(output)) {
            return output;
        }
        notes.add("returns probabilities, whose logarithms are taken for the logits");
        return output.add(SMALLEST_PROBABILITY).log();
    }

    @Override
    public boolean hasGradients() {
        return false;
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

    /** @throws InputException where the model cannot take these images */
    void requireFits(ImageSet images) {
        normalisation.requireFits(images);
        input.requireFits(images);
    }

    @Override
    public void close() {
        session.close();
        normaliser.close();
    }
}
