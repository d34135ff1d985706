package varepsilon.lab.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.report.ImageGrid;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Images that a VAE drew, outside any scope.
 *
 * @param pixels N×C×H×W in [0, 1]
 */
record Drawing(float[] pixels, int channels, int height, int width) {
    private static final int CHUNK = 256;

    /** Draws with the model in evaluation mode, and random numbers from a stream of their own. */
    static Drawing of(Vae vae, long seed, String stream, Function<Rng, Tensor> work) {
        return vae.evaluating(() -> {
            try (var scope = Scope.withoutGradients();
                    Rng rng = Seed.of(seed).split("pictures: " + stream).stream()) {
                Tensor images = work.apply(rng);
                return new Drawing(images.toFloats(), (int) images.size(1), (int) images.size(2), (int) images.size(3));
            }
        });
    }

    ImageGrid grid() {
        return ImageGrid.of(pixels, channels, height, width);
    }

    byte[] bytes() {
        byte[] bytes = new byte[pixels.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.round(255 * pixels[i]);
        }
        return bytes;
    }

    /**
     * Pictures of p(x|z), decoded in portions, so that thousands need no more memory than a batch of training.
     *
     * @param labels the class of each image, for a conditional model; others ignore it
     */
    static Tensor decoded(Vae vae, Tensor z, long[] labels, Picture picture, Rng rng) {
        List<Tensor> portions = new ArrayList<>();
        long n = z.size(0);
        for (long start = 0; start < n; start += CHUNK) {
            try (var scope = Scope.open()) {
                long size = Math.min(CHUNK, n - start);
                Vae given = vae.classes() == 0
                        ? vae
                        : vae.given(Tensor.of(labels, n).narrow(0, start, size));
                Tensor portion = vae.prior().supported(z.narrow(0, start, size).to(vae.device()));
                portions.add(scope.keep(given.decode(portion).image(picture, rng)));
            }
        }
        return Tensor.concat(0, portions);
    }

    /** The z that stand for the images of a set, size×latentDim. */
    static Tensor means(Vae vae, ImageSet set) {
        List<Tensor> portions = new ArrayList<>();
        var batches = Batches.of(set, CHUNK).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.open()) {
                Batch batch = batches.next();
                portions.add(scope.keep(
                        vae.given(batch).posterior(vae.target(batch.images())).mean()));
            }
        }
        return Tensor.concat(0, portions);
    }

    /** The classes of a set's images for a conditional model; zeros for others. */
    static long[] labels(Vae vae, ImageSet set) {
        long[] labels = new long[set.size()];
        for (int i = 0; i < labels.length && vae.classes() > 0; i++) {
            labels[i] = set.label(i);
        }
        return labels;
    }
}
