package varepsilon.generative;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * The negative log-likelihood bounds of a VAE on a set of images. All values are averages over images; nats are summed
 * over an image, and both bounds are given as negative log-likelihoods: smaller is better.
 *
 * @param n the number of images
 * @param bpd −ELBO in bits per dimension
 * @param bpdUnit what {@code bpd} and {@code iwBpd} are counted in: {@link Likelihood#bpdUnit}
 * @param nelboNats −ELBO: reconstruction plus divergence
 * @param reconstructionNats −E_q[log p(x|z)], one draw for each image
 * @param klNats KL(q(z|x) ‖ p(z))
 * @param latentDim dimensions of z
 * @param activeUnits those whose posterior mean varies over the images: {@link ActiveUnits}
 * @param importanceSamples K of the importance-weighted bound; null where it was not computed
 * @param iwBpd the negative importance-weighted bound in bits per dimension
 * @param iwNats the negative importance-weighted bound: −log 1/K Σ w
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record VaeEvaluation(
        int n,
        double bpd,
        String bpdUnit,
        double nelboNats,
        double reconstructionNats,
        double klNats,
        int latentDim,
        int activeUnits,
        Integer importanceSamples,
        Double iwBpd,
        Double iwNats) {

    /**
     * The settings of an evaluation.
     *
     * @param batchSize images at once
     * @param seed decides the draws of z; the bound from one draw is the same as in training's validation with this
     *     seed and batch size
     * @param importanceSamples K of the importance-weighted bound, 0 to leave it out
     * @param chunk draws of z for each image at once; bounds memory
     */
    public record Settings(int batchSize, long seed, int importanceSamples, int chunk) {
        private static final int DEFAULT_CHUNK = 8;

        /** Rejects counts out of range. */
        public Settings {
            require(batchSize >= 1, "batchSize", batchSize, "at least 1");
            require(importanceSamples >= 0, "importanceSamples", importanceSamples, "at least 1, or 0 for none");
            require(chunk >= 1, "chunk", chunk, "at least 1");
        }

        /** The evidence lower bound alone. */
        public static Settings elbo(int batchSize, long seed) {
            return new Settings(batchSize, seed, 0, DEFAULT_CHUNK);
        }

        private static void require(boolean holds, String name, int value, String expected) {
            if (!holds) {
                throw new InputException(name + " " + value + ": expected " + expected);
            }
        }
    }

    /** Evaluates without progress. */
    public static VaeEvaluation of(Vae vae, ImageSet images, Settings settings) {
        return of(vae, images, settings, Watch.NONE);
    }

    /**
     * Evaluates in evaluation mode; modes are restored.
     *
     * @param watch receives the number of images done
     * @throws StoppedException where a stop is requested
     */
    public static VaeEvaluation of(Vae vae, ImageSet images, Settings settings, Watch watch) {
        Watch watched = watch.throwing();
        watched.progress("evaluating", 0, images.size());
        Sums sums = new Sums(vae.prior().latentDim(), vae.likelihood().bpdUnit());
        try (Rng noise = Seed.of(settings.seed()).split("validation").stream();
                Rng importance = Seed.of(settings.seed()).split("importance").stream()) {
            vae.evaluating(() -> {
                var iterator = Batches.of(images, settings.batchSize()).iterator();
                while (iterator.hasNext()) {
                    try (var scope = Scope.withoutGradients()) {
                        Batch batch = iterator.next();
                        Tensor target = vae.target(batch.images());
                        Vae given = vae.given(batch);
                        sums.add(given.elbo(target, noise), batch.size());
                        if (settings.importanceSamples() > 0) {
                            sums.weighted += sum(ImportanceWeightedBound.logLikelihood(
                                    given, target, settings.importanceSamples(), settings.chunk(), importance));
                        }
                    }
                    watched.progress("evaluating", sums.n, images.size());
                }
            });
        }
        return sums.result(images.dimensions(), settings.importanceSamples());
    }

    private static double sum(Tensor values) {
        return values.to(DType.FLOAT64).sum().item();
    }

    private static final class Sums {
        private final int latentDim;
        private final String bpdUnit;
        private final ActiveUnits units;
        private int n;
        private double reconstruction;
        private double kl;
        private double weighted;

        Sums(int latentDim, String bpdUnit) {
            this.latentDim = latentDim;
            this.bpdUnit = bpdUnit;
            this.units = new ActiveUnits(latentDim);
        }

        void add(Elbo elbo, int size) {
            n += size;
            reconstruction -= sum(elbo.logLikelihood());
            kl += sum(elbo.kl());
            units.add(elbo.posterior().mean());
        }

        VaeEvaluation result(int dimensions, int importanceSamples) {
            double bits = 1 / (dimensions * Math.log(2));
            double nelbo = (reconstruction + kl) / n;
            boolean weightedBound = importanceSamples > 0;
            return new VaeEvaluation(
                    n,
                    nelbo * bits,
                    bpdUnit,
                    nelbo,
                    reconstruction / n,
                    kl / n,
                    latentDim,
                    units.count(),
                    weightedBound ? importanceSamples : null,
                    weightedBound ? -weighted / n * bits : null,
                    weightedBound ? -weighted / n : null);
        }
    }
}
