package varepsilon.robust.vae;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.data.Batch;
import varepsilon.generative.Elbo;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Scores by which a VAE tells unusual images from usual ones; larger is more unusual. Images are rounded to bytes first,
 * as a file of them would hold.
 *
 * @param bits −ELBO with one draw of z in bits per dimension, one value an image
 * @param distances Euclidean distance of an image and its reconstruction, the expected image for the mean of q(z|x);
 *     empty for a model whose pixels depend on each other, which has no such image in closed form
 */
public record VaeScores(double[] bits, double[] distances) {
    private static final int CHUNK = 256;

    /**
     * Scores of images, in evaluation mode.
     *
     * @param pixels FLOAT32 N×C×H×W in [0, 1]
     * @param seed of the draws of z
     * @throws InputException for a conditional model
     */
    public static VaeScores of(Vae vae, Tensor pixels, long seed) {
        if (vae.classes() > 0) {
            throw new InputException(
                    "a conditional VAE cannot score images without their class: expected another model");
        }
        List<double[]> bits = new ArrayList<>();
        List<double[]> distances = new ArrayList<>();
        long dimensions = pixels.count() / pixels.size(0);
        try (Rng rng = Seed.of(seed).split("scores").stream()) {
            vae.evaluating(() -> {
                for (long start = 0; start < pixels.size(0); start += CHUNK) {
                    try (var scope = Scope.withoutGradients()) {
                        Tensor some = pixels.narrow(0, start, Math.min(CHUNK, pixels.size(0) - start));
                        Tensor images = Batch.rounded(some);
                        Elbo elbo = vae.elbo(vae.target(images), rng);
                        bits.add(elbo.bitsPerDimension(dimensions).toDoubles());
                        if (!vae.hasIndependentPixels()) {
                            continue;
                        }
                        Tensor shown = vae.reconstruct(images, Picture.MEAN, rng);
                        distances.add(shown.sub(some.to(vae.device()))
                                .square()
                                .flatten(1)
                                .sum(1)
                                .sqrt()
                                .toDoubles());
                    }
                }
            });
        }
        return new VaeScores(joined(bits), joined(distances));
    }

    private static double[] joined(List<double[]> parts) {
        return parts.stream().flatMapToDouble(Arrays::stream).toArray();
    }
}
