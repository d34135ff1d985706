package varepsilon.generative;

import varepsilon.base.Named;
import varepsilon.nn.Init;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * The approximate posterior q(z|x) = N(mean, diag(exp(logStd))²), one for each image.
 *
 * @param mean N×latentDim
 * @param logStd natural logarithm of the standard deviation, N×latentDim
 */
public record DiagonalGaussian(Tensor mean, Tensor logStd) implements Posterior {
    static final double LOG_TWO_PI = Math.log(2 * Math.PI);

    /** Chooses this posterior. */
    @Named(value = "diagonal", help = "independent normal dimensions")
    public record Choice() implements PosteriorChoice {
        @Override
        public int outputs(int latentDim) {
            return 2 * latentDim;
        }

        @Override
        public String meaning(int latentDim) {
            return "the means of q(z|x), then the natural logarithms of its standard deviations, " + latentDim
                    + " each";
        }

        @Override
        public Inference create(Prior prior, Init init) {
            return DiagonalGaussian::of;
        }
    }

    /** The posteriors whose means, then logStds, are an encoder's output N×2·latentDim. */
    static DiagonalGaussian of(Tensor output) {
        long latentDim = output.size(1) / 2;
        return new DiagonalGaussian(output.narrow(1, 0, latentDim), output.narrow(1, latentDim, latentDim));
    }

    /** One draw for each image, N×latentDim, differentiable in mean and logStd: z = μ + σ·ε. */
    public Tensor sample(Rng rng) {
        return reparameterised(noise(rng, mean.shape()));
    }

    /** K draws for each image, K×N×latentDim, differentiable in mean and logStd. */
    public Tensor sample(int k, Rng rng) {
        return reparameterised(noise(rng, k, mean.size(0), mean.size(1)));
    }

    @Override
    public Draws draw(int k, Rng rng) {
        Tensor z = sample(k, rng);
        return new Draws(z, logProbability(z));
    }

    /** z = μ + σ·ε for noise of shape …×N×latentDim (Kingma, Welling 2014). */
    public Tensor reparameterised(Tensor noise) {
        return mean.add(logStd.exp().mul(noise));
    }

    @Override
    public Tensor logProbability(Tensor z) {
        Tensor standardised = z.sub(mean).mul(logStd.neg().exp());
        return standardised.square().mul(-0.5).sub(logStd).sum(-1).sub(0.5 * LOG_TWO_PI * mean.size(-1));
    }

    private Tensor noise(Rng rng, long... shape) {
        return rng.normal(mean.dtype(), shape).to(mean.device());
    }
}
