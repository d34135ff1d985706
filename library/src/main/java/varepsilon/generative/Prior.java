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

    /**
     * The z that has a probability nearest to a z that need not have one, such as a point between two: N×latentDim; z
     * itself where p(z) is a density.
     */
    default Tensor supported(Tensor z) {
        return z;
    }

    /** Number of latent dimensions. */
    int latentDim();
}
