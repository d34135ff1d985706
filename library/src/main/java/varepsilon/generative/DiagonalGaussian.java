package varepsilon.generative;

import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * The approximate posterior q(z|x) = N(mean, diag(exp(logStd))²), one for each image.
 *
 * @param mean N×latentDim
 * @param logStd natural logarithm of the standard deviation, N×latentDim
 */
public record DiagonalGaussian(Tensor mean, Tensor logStd) {
    static final double LOG_TWO_PI = Math.log(2 * Math.PI);

    /** One draw for each image, N×latentDim, differentiable in mean and logStd: z = μ + σ·ε. */
    public Tensor sample(Rng rng) {
        return reparameterised(noise(rng, mean.shape()));
    }

    /** K draws for each image, K×N×latentDim, differentiable in mean and logStd. */
    public Tensor sample(int k, Rng rng) {
        return reparameterised(noise(rng, k, mean.size(0), mean.size(1)));
    }

    /** z = μ + σ·ε for noise of shape …×N×latentDim (Kingma, Welling 2014). */
    public Tensor reparameterised(Tensor noise) {
        return mean.add(logStd.exp().mul(noise));
    }

    /** log q(z|x) in nats: z …×N×latentDim, result …×N. */
    public Tensor logProbability(Tensor z) {
        Tensor standardised = z.sub(mean).mul(logStd.neg().exp());
        return standardised.square().mul(-0.5).sub(logStd).sum(-1).sub(0.5 * LOG_TWO_PI * mean.size(-1));
    }

    private Tensor noise(Rng rng, long... shape) {
        return rng.normal(mean.dtype(), shape).to(mean.device());
    }
}
