package varepsilon.robust.vae;

import java.util.ArrayList;
import java.util.List;
import varepsilon.data.Batch;
import varepsilon.generative.Posterior;
import varepsilon.generative.Vae;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * −ELBO of images that need not be whole levels, with its gradient in the pixels: log p(x|z) is linear between the two
 * nearest levels of each pixel.
 *
 * @param values N values in nats, for the mean of q(z|x)
 * @param gradient N×C×H×W
 */
record SurrogateBits(Tensor values, Tensor gradient) {
    /** Those of images N×C×H×W in [0, 1]. */
    static SurrogateBits of(Vae vae, Tensor pixels) {
        try (var scope = Scope.withGradients()) {
            Tensor x = pixels.detach().copy().requiresGrad(true);
            Posterior q = vae.posteriorOfInput(signed(x));
            Tensor z = q.mean().unsqueeze(0);
            Tensor values = negativeElbo(vae, x, q, new Posterior.Draws(z, q.logProbability(z)));
            Tensor gradient = Gradients.of(values.sum(), x);
            return new SurrogateBits(scope.keep(values.detach()), scope.keep(gradient));
        }
    }

    /** −ELBO in nats with one draw of z for each image, differentiable in the pixels. */
    static Tensor negativeElbo(Vae vae, Tensor x, Posterior q, Posterior.Draws draws) {
        Tensor output = vae.decode(draws.z().squeeze(0)).output(signed(x));
        return vae.divergence(q, draws).sub(interpolated(vae, output, x));
    }

    /** The encoder's input. */
    static Tensor signed(Tensor pixels) {
        return pixels.mul(2).sub(1);
    }

    private static Tensor interpolated(Vae vae, Tensor output, Tensor x) {
        Tensor target = vae.target(Batch.rounded(x.detach()));
        List<Tensor> channels = new ArrayList<>();
        for (int c = 0; c < x.size(1); c++) {
            Tensor byLevel = vae.likelihood().levelLogProbabilities(output, target, c);
            long levels = byLevel.size(1);
            Tensor level = Tensor.arange(levels).to(x.dtype()).to(x.device()).reshape(1, levels, 1, 1);
            Tensor position = x.narrow(1, c, 1).mul(levels - 1.0);
            Tensor weight = position.sub(level).abs().neg().add(1).clamp(0, 1);
            channels.add(weight.mul(byLevel).flatten(1).sum(1));
        }
        return Tensor.stack(0, channels).sum(0);
    }
}
