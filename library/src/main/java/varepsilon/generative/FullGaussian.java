package varepsilon.generative;

import java.util.List;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.nn.Init;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * The approximate posterior q(z|x) = N(mean, L·Lᵀ) with a full covariance, one for each image.
 *
 * @param mean N×latentDim
 * @param logDiagonal natural logarithm of the diagonal of L, N×latentDim
 * @param below the rest of L, row by row from the second, N×latentDim·(latentDim − 1)/2
 */
public record FullGaussian(Tensor mean, Tensor logDiagonal, Tensor below) implements Posterior {
    private static final int MOST_DIMENSIONS = 128;

    /** Chooses this posterior. */
    @Named(value = "full", help = "a normal distribution with full covariance, for up to 128 dimensions")
    public record Choice() implements PosteriorChoice {
        @Override
        public int outputs(int latentDim) {
            if (latentDim > MOST_DIMENSIONS) {
                throw new InputException("the posterior full for latent dimension " + latentDim + ": expected at most "
                        + MOST_DIMENSIONS + "; a covariance has their square");
            }
            return 2 * latentDim + latentDim * (latentDim - 1) / 2;
        }

        @Override
        public String meaning(int latentDim) {
            return "the mean of q(z|x), then the natural logarithms of the diagonal of the lower triangular L whose L·Lᵀ"
                    + " is its covariance, " + latentDim + " each, then the rest of L, row by row";
        }

        @Override
        public Inference create(Prior prior, Init init) {
            int latentDim = prior.latentDim();
            return output -> new FullGaussian(
                    output.narrow(1, 0, latentDim),
                    output.narrow(1, latentDim, latentDim),
                    output.narrow(1, 2L * latentDim, output.size(1) - 2L * latentDim));
        }
    }

    /** L, N×latentDim×latentDim. */
    Tensor lower() {
        int d = (int) mean.size(1);
        // Places in the row [diagonal, below, 0] from which L is gathered.
        long[] places = new long[d * d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                places[i * d + j] = i == j ? i : j < i ? d + i * (i - 1) / 2 + j : d + d * (d - 1) / 2;
            }
        }
        Tensor zero = mean.narrow(1, 0, 1).zerosLike();
        Tensor row = Tensor.concat(1, List.of(logDiagonal.exp(), below, zero));
        return row.indexSelect(1, Tensor.of(places, places.length).to(mean.device()))
                .reshape(-1, d, d);
    }

    @Override
    public Draws draw(int k, Rng rng) {
        Tensor noise = rng.normal(mean.dtype(), k, mean.size(0), mean.size(1)).to(mean.device());
        Tensor z = lower().matmul(noise.unsqueeze(-1)).squeeze(-1).add(mean);
        return new Draws(z, logDensity(noise));
    }

    @Override
    public Tensor logProbability(Tensor z) {
        long[] shape = z.shape();
        Tensor offset = z.sub(mean).unsqueeze(-1);
        Tensor lower = lower();
        if (shape.length > 2) {
            lower = lower.unsqueeze(0);
        }
        return logDensity(Ops.solveLowerTriangular(lower, offset).squeeze(-1));
    }

    /** log q of μ + L·noise. */
    private Tensor logDensity(Tensor noise) {
        return noise.square()
                .sum(-1)
                .mul(-0.5)
                .sub(logDiagonal.sum(-1))
                .sub(0.5 * DiagonalGaussian.LOG_TWO_PI * mean.size(1));
    }

    /** KL(N(μ, L·Lᵀ) ‖ N(0, I)) = ½ (tr L·Lᵀ + μᵀμ − d) − log det L. */
    Tensor toStandardNormal() {
        Tensor squares = mean.square()
                .add(logDiagonal.mul(2).exp())
                .sub(1)
                .sum(-1)
                .add(below.square().sum(-1));
        return squares.mul(0.5).sub(logDiagonal.sum(-1));
    }
}
