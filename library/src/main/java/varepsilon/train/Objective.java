package varepsilon.train;

import varepsilon.data.Batch;
import varepsilon.nn.Module;
import varepsilon.tensor.Rng;

/** What is minimised by training a model, and what is measured. */
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
}
