package varepsilon.generative;

import java.util.Arrays;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.nn.Init;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * The posterior of a VQ-VAE (van den Oord et al. 2017): all mass on the vectors of the codebook nearest to the encoder's
 * output, so that KL(q ‖ p) = −log p(z) and the ELBO is log p(x|z) + log p(z), which is a bound on log p(x). Gradients
 * pass through the rounding as if it were not there, and two terms whose value is zero move the codebook to the encoder's
 * output and the output to the codebook.
 */
final class Quantised implements Posterior {
    /** Weight of the output's way to the codebook, beside 1 of the codebook's. */
    private static final double COMMITMENT = 0.25;

    private final CodebookPrior prior;
    private final Tensor codes;
    private final Tensor z;
    private final Tensor divergence;

    /** Chooses this posterior. */
    @Named(value = "quantised", help = "the nearest vectors of the prior codebook, as in a VQ-VAE")
    public record Choice() implements PosteriorChoice {
        @Override
        public int outputs(int latentDim) {
            return latentDim;
        }

        @Override
        public String meaning(int latentDim) {
            return "z before it is replaced by the nearest vectors of the codebook, which is not in this file";
        }

        @Override
        public Inference create(Prior prior, Init init) {
            if (!(prior instanceof CodebookPrior codebook)) {
                throw new InputException("the posterior quantised is that of the prior codebook: expected that prior");
            }
            return output -> new Quantised(codebook, output);
        }
    }

    private Quantised(CodebookPrior prior, Tensor output) {
        this.prior = prior;
        Tensor encoded = prior.scaled(output);
        codes = prior.codes(encoded);
        Tensor nearest = prior.vectors(codes);
        // The vectors to the last bit, with the gradient of the encoder's output.
        z = nearest.detach().add(encoded.sub(encoded.detach()));
        Tensor pull = nearest.sub(encoded.detach())
                .square()
                .sum(1L)
                .add(nearest.detach().sub(encoded).square().sum(1L).mul(COMMITMENT));
        divergence = prior.logProbabilityOfCodes(codes).neg().add(pull.sub(pull.detach()));
    }

    /** Numbers of the vectors, INT64 N×length. */
    Tensor codes() {
        return codes;
    }

    @Override
    public Tensor mean() {
        return z;
    }

    /** The same K times. */
    @Override
    public Draws draw(int k, Rng rng) {
        long n = z.size(0);
        Tensor repeated = divergence.unsqueeze(0).expand(k, n);
        return new Draws(z.unsqueeze(0).expand(k, n, z.size(1)), repeated.zerosLike(), Optional.of(repeated));
    }

    /** 0 for z whose nearest vectors are these, −∞ for others. */
    @Override
    public Tensor logProbability(Tensor other) {
        long[] shape = other.shape();
        Tensor same = prior.codes(other.reshape(-1, prior.latentDim()))
                .reshape(-1, z.size(0), prior.length())
                .eq(codes.unsqueeze(0))
                .to(DType.FLOAT32);
        Tensor share = same.sum(2L).div(prior.length());
        return share.zerosLike()
                .where(share.lt(1).not(), Tensor.full(Double.NEGATIVE_INFINITY, DType.FLOAT32))
                .reshape(Arrays.copyOf(shape, shape.length - 1));
    }
}
