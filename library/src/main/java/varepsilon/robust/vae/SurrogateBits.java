package varepsilon.robust.vae;

import java.util.ArrayList;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.data.Batch;
import varepsilon.generative.CodebookPrior;
import varepsilon.generative.ImageDistribution;
import varepsilon.generative.Posterior;
import varepsilon.generative.Vae;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * −ELBO of images with a gradient in their pixels, though levels have none: between two levels log p(x|z) is taken to be
 * linear, and gradients pass through the rounding of the encoder's input as if it were not there.
 *
 * @param values −ELBO of the rounded images in nats, N values
 * @param gradient N×C×H×W
 */
record SurrogateBits(Tensor values, Tensor gradient) {
    private static final double BYTES = 256;

    /** Those of images N×C×H×W in [0, 1], with the mean of q(z|x) for z. */
    static SurrogateBits of(Vae vae, Tensor pixels) {
        return of(vae, pixels, null);
    }

    /**
     * The same with draws of z.
     *
     * @param rng null for the mean
     */
    static SurrogateBits of(Vae vae, Tensor pixels, Rng rng) {
        if (vae.prior() instanceof CodebookPrior) {
            throw new InputException("the bits of codes have no gradient: expected a VAE without the prior codebook");
        }
        try (var scope = Scope.withGradients()) {
            Tensor x = pixels.detach().copy().requiresGrad(true);
            Tensor target = vae.target(Batch.rounded(pixels));
            Tensor rounded = vae.likelihood().encoderInput(target);
            Tensor input = rounded.add(signed(x).sub(signed(x).detach()));
            Posterior q = vae.posteriorOfInput(input);
            Posterior.Draws draws = rng == null ? atMean(q) : q.draw(1, rng);
            ImageDistribution p = vae.decode(draws.z().squeeze(0));
            Tensor output = p.output(input);
            Tensor divergence = vae.divergence(q, draws);
            Tensor values = divergence.sub(vae.likelihood().logProbability(output, target));
            Tensor surrogate = divergence.sub(interpolated(vae, output, target, x));
            Tensor gradient = Gradients.of(surrogate.sum(), x);
            if (!gradient.isFinite()) {
                throw new InputException("the VAE's bits have no finite gradient in an image's pixels;"
                        + " expected weights of a training that has not diverged");
            }
            return new SurrogateBits(scope.keep(values.detach()), scope.keep(gradient));
        }
    }

    private static Posterior.Draws atMean(Posterior q) {
        Tensor z = q.mean().unsqueeze(0);
        return new Posterior.Draws(z, q.logProbability(z));
    }

    /** The encoder's input. */
    static Tensor signed(Tensor pixels) {
        return pixels.mul(2).sub(1);
    }

    /** log p(x|z), linear in x between the middles of the bytes of two neighbouring levels, and beyond the last. */
    private static Tensor interpolated(Vae vae, Tensor output, Tensor target, Tensor x) {
        List<Tensor> channels = new ArrayList<>();
        for (int c = 0; c < x.size(1); c++) {
            Tensor byLevel = vae.likelihood().levelLogProbabilities(output, target, c);
            double bytesOfLevel = BYTES / byLevel.size(1);
            Tensor position =
                    x.narrow(1, c, 1).mul(BYTES - 1).sub((bytesOfLevel - 1) / 2).div(bytesOfLevel);
            Tensor below = position.detach().clamp(0, byLevel.size(1) - 2.0).to(DType.INT64);
            Tensor start = below.to(x.dtype());
            Tensor share = position.sub(start);
            Tensor low = byLevel.gather(1, below);
            Tensor high = byLevel.gather(1, start.add(1).to(DType.INT64));
            channels.add(low.add(share.mul(high.sub(low))).flatten(1).sum(1));
        }
        return Tensor.stack(0, channels).sum(0);
    }
}
