package varepsilon.generative;

import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/** A distribution p(z) over latent vectors. */
public interface Prior {
    /** log p(z) in nats: z …×latentDim, result …. */
    Tensor logProbability(Tensor z);

    /** n draws, n×latentDim. */
    Tensor sample(int n, Rng rng);

    /**
     * The same distribution, with everything that does not depend on z computed once. It is right as long as no
     * parameter changes, and belongs to the open scope.
     */
    default Prior frozen() {
        return this;
    }

    /** Number of latent dimensions. */
    int latentDim();
}
