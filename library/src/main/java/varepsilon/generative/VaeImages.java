package varepsilon.generative;

import java.util.Arrays;
import java.util.function.Function;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Images of a VAE as sets of bytes, to be compared: its samples, and other images as it models them. Both are black and
 * white for a Bernoulli likelihood, and of 16 levels for a categorical one of 16, spread from 0 to 255.
 */
public final class VaeImages {
    private static final int CHUNK = 256;

    private VaeImages() {}

    /**
     * Samples from p(x), in evaluation mode; those of a conditional model are of the classes 0, 1, 2 … in turn.
     *
     * @param count at least 1
     * @param picture how p(x|z) is shown; {@link Picture#SAMPLE} draws from the model, the others do not
     * @param watch receives the number of samples drawn
     * @throws StoppedException where a stop is requested
     */
    public static ImageSet samples(Vae vae, int count, Picture picture, long seed, Watch watch) {
        if (count < 1) {
            throw new IllegalArgumentException("count " + count + ": expected at least 1");
        }
        Watch watched = watch.throwing();
        Collected collected = new Collected("samples", count);
        watched.progress("drawing samples", 0, count);
        try (Rng rng = Seed.of(seed).split("samples").stream()) {
            vae.evaluating(() -> {
                while (collected.done < count) {
                    int size = Math.min(CHUNK, count - collected.done);
                    try (var scope = Scope.withoutGradients()) {
                        collected.add(withClasses(vae, collected.done, size).sample(size, picture, rng));
                    }
                    watched.progress("drawing samples", collected.done, count);
                }
            });
        }
        return collected.set();
    }

    private static Vae withClasses(Vae vae, int first, int count) {
        if (vae.classes() == 0) {
            return vae;
        }
        long[] labels = new long[count];
        Arrays.setAll(labels, i -> (first + i) % vae.classes());
        return vae.given(Tensor.of(labels, count));
    }

    /** The values over which p(x|z) is defined, as images: those of a set with all that the likelihood leaves out. */
    public static ImageSet asModelled(Vae vae, ImageSet images) {
        Likelihood likelihood = vae.likelihood();
        Function<Tensor, Tensor> modelled = levels ->
                likelihood.encoderInput(likelihood.target(levels)).add(1).div(2);
        Collected collected = new Collected(images.name(), images.size());
        var batches = Batches.of(images, CHUNK).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.withoutGradients()) {
                collected.add(modelled.apply(batches.next().images()));
            }
        }
        return images.isLabelled() ? collected.labelled(images) : collected.set();
    }

    private static final class Collected {
        private final String name;
        private final int count;
        private byte[] pixels = {};
        private long[] shape = {};
        private int done;

        Collected(String name, int count) {
            this.name = name;
            this.count = count;
        }

        /** Adds images in [0, 1]. */
        void add(Tensor images) {
            float[] values = images.toFloats();
            shape = images.shape();
            int size = (int) (images.count() / shape[0]);
            if (done == 0) {
                pixels = new byte[Math.multiplyExact(count, size)];
            }
            for (int i = 0; i < values.length; i++) {
                pixels[done * size + i] = (byte) Math.round(255 * values[i]);
            }
            done += (int) shape[0];
        }

        ImageSet set() {
            return ImageSet.unlabelled(name, pixels, (int) shape[1], (int) shape[2], (int) shape[3]);
        }

        ImageSet labelled(ImageSet like) {
            return ImageSet.labelled(
                    name, pixels, like.channels(), like.height(), like.width(), like.labels(), like.classNames());
        }
    }
}
