package varepsilon.generative;

import varepsilon.base.Named;
import varepsilon.nn.Init;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * The prior N(0, I).
 *
 * @param latentDim number of dimensions, at least 1
 */
public record StandardNormal(int latentDim) implements Prior {
    /** Chooses this prior. */
    @Named(value = "standard-normal", help = "independent normal dimensions of mean 0 and variance 1")
    public record Choice() implements PriorChoice {
        @Override
        public Prior create(LatentSpace space, Init init) {
            return new StandardNormal(space.dimensions());
        }
    }

    /** Rejects fewer than one dimension. */
    public StandardNormal {
        if (latentDim < 1) {
            throw new IllegalArgumentException("latentDim " + latentDim + ": expected at least 1");
        }
    }

    @Override
    public Tensor logProbability(Tensor z) {
        return z.square().sum(-1).add(latentDim * DiagonalGaussian.LOG_TWO_PI).mul(-0.5);
    }

    @Override
    public Tensor sample(int n, Rng rng) {
        return rng.normal(n, latentDim);
    }
}
