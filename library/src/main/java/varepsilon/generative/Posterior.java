package varepsilon.generative;

import java.util.Optional;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/** The approximate posterior q(z|x), one for each of N images. */
public interface Posterior {
    /**
     * Draws of z.
     *
     * @param z K×N×latentDim
     * @param logProbability log q(z|x) in nats, K×N
     * @param divergence KL(q(z|x) ‖ p(z)) from the prior that the posterior was made with, K×N values in nats, where
     *     the draws give a better estimate of it than log q(z|x) − log p(z)
     */
    record Draws(Tensor z, Tensor logProbability, Optional<Tensor> divergence) {
        /** Draws without an estimate of the divergence. */
        public Draws(Tensor z, Tensor logProbability) {
            this(z, logProbability, Optional.empty());
        }
    }

    /** The z that stands for an image where one is wanted, such as the mean: N×latentDim. */
    Tensor mean();

    /** K draws for each image, differentiable in the encoder's output. */
    Draws draw(int k, Rng rng);

    /** log q(z|x) in nats: z …×N×latentDim, result …×N. */
    Tensor logProbability(Tensor z);
}
