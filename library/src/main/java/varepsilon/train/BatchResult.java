package varepsilon.train;

import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import varepsilon.tensor.Tensor;

/**
 * The result of an objective on one batch.
 *
 * @param loss scalar to be minimised, the mean over the batch
 * @param perExample measured quantities by name, each N values; they are averaged over examples, never over batches
 * @param input an input whose gradient is computed in the same backward pass as the parameters'
 */
public record BatchResult(Tensor loss, Map<String, Tensor> perExample, Optional<Input> input) {
    /**
     * An input of the model.
     *
     * @param tensor one that requires gradients and that the loss was computed from
     * @param gradient receives ∂loss/∂tensor, in the tensor's shape, before the parameters move; no operation in it is
     *     recorded for gradients. It is called in training only.
     */
    public record Input(Tensor tensor, Consumer<Tensor> gradient) {}

    /** A result without an input gradient. */
    public BatchResult(Tensor loss, Map<String, Tensor> perExample) {
        this(loss, perExample, Optional.empty());
    }

    /** The same with the gradient of an input. */
    public BatchResult(Tensor loss, Map<String, Tensor> perExample, Tensor input, Consumer<Tensor> inputGradient) {
        this(loss, perExample, Optional.of(new Input(input, inputGradient)));
    }
}
