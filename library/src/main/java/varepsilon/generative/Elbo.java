package varepsilon.generative;

import varepsilon.tensor.Tensor;

/**
 * log p(x) ≥ E_q[log p(x|z)] − KL(q(z|x) ‖ p(z)), each term estimated for each image.
 *
 * @param logLikelihood log p(x|z) for z drawn from q, N values in nats
 * @param kl KL(q(z|x) ‖ p(z)), N values in nats
 * @param posterior q(z|x)
 */
public record Elbo(Tensor logLikelihood, Tensor kl, Posterior posterior) {
    /** The bound, N values in nats. */
    public Tensor value() {
        return logLikelihood.sub(kl);
    }

    /** −bound / (D·ln 2) for images of D numbers: N values in bits per dimension. */
    public Tensor bitsPerDimension(long dimensions) {
        return value().mul(-1 / (dimensions * Math.log(2)));
    }
}
