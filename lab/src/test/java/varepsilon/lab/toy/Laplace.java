package varepsilon.lab.toy;

import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.generative.LatentSpace;
import varepsilon.generative.Prior;
import varepsilon.generative.PriorChoice;
import varepsilon.nn.Init;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * A prior that the product does not have: independent Laplace dimensions.
 *
 * @param scale their scale b; the variance is 2 b²
 */
@Named(value = "laplace", help = "independent Laplace dimensions")
public record Laplace(
        @Parameter(value = "scale of each dimension", above = 0)
        double scale) implements PriorChoice {
    public Laplace {
        Declared.check(Laplace.class, scale);
    }

    public Laplace() {
        this(1);
    }

    @Override
    public Prior create(LatentSpace space, Init init) {
        return new Distribution(space.dimensions(), scale);
    }

    /** log p(z) = −Σ |zᵢ| / b − d log 2b. */
    private record Distribution(int latentDim, double scale) implements Prior {
        @Override
        public Tensor logProbability(Tensor z) {
            return z.abs().sum(-1).mul(-1 / scale).sub(latentDim * Math.log(2 * scale));
        }

        @Override
        public Tensor sample(int n, Rng rng) {
            return rng.exponential(n, latentDim)
                    .sub(rng.exponential(n, latentDim))
                    .mul(scale);
        }
    }
}
