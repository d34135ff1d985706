package varepsilon.generative;

import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/** A distribution p(z) over latent vectors. */
public interface Prior {
    /** log p(z) in nats: z …×latentDim, result …. */
    Tensor logProbability(Tensor z);

    /** n draws, n×latentDim. */
    Tensor sample(int n, Rng rng);

    /** Number of latent dimensions. */
    int latentDim();
}
