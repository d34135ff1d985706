package varepsilon.train;

import java.util.Map;
import varepsilon.data.Batch;
import varepsilon.nn.Module;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/** A training objective: the loss that is minimised, and the metrics. */
public interface Objective {
    /** The model whose parameters are trained. */
    Module model();

    /**
     * Loss and measurements of one batch.
     *
     * @param rng the stream of random numbers for it
     */
    BatchResult evaluate(Batch batch, Rng rng);

    /** Loss and measurements of one batch of held-out data; no gradients are recorded. */
    default BatchResult validate(Batch batch, Rng rng) {
        return evaluate(batch, rng);
    }

    /**
     * Receives the position of the training before each optimizer step and each validation. Whatever changes during
     * training, such as a warm-up, must depend on it alone, so that a resumed run gives the same bits.
     *
     * @param epoch epochs done, with their fraction: 2.5 is the middle of the third
     */
    default void at(double epoch) {}

    /**
     * Optimizer steps on the same batch, one after another, each with an {@link #evaluate} of its own, as free
     * adversarial training takes them (Shafahi et al. 2019). An epoch then has as many times more steps.
     */
    default int replays() {
        return 1;
    }

    /**
     * Tensors by name that the objective carries from batch to batch. They belong to the checkpoint: when a run is
     * resumed, their values are copied into these tensors, which must be there in the same shapes from the start.
     */
    default Map<String, Tensor> memory() {
        return Map.of();
    }
}
