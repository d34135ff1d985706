package varepsilon.generative;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.stats.Quantiles;
import varepsilon.stats.SampleMean;
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
 * @param nelboCi95 interval of {@code nelboNats} over images; null for a single image
 * @param reconstructionNats −E_q[log p(x|z)], one draw for each image
 * @param klNats KL(q(z|x) ‖ p(z))
 * @param latentDim dimensions of z
 * @param activeUnits those whose posterior mean varies over the images: {@link ActiveUnits}
 * @param importanceSamples K of the importance-weighted bound; null where it was not computed
 * @param iwBpd the negative importance-weighted bound in bits per dimension
 * @param iwNats the negative importance-weighted bound: −log 1/K Σ w
 * @param iwCi95 its interval over images; null for a single image
 * @param effectiveSamples median over images of the draws of equal weight that would tell as much: where it is near 1,
 *     a few draws decide the bound, and more of them would tighten it
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record VaeEvaluation(
        int n,
        double bpd,
        String bpdUnit,
        double nelboNats,
        List<Double> nelboCi95,
        double reconstructionNats,
        double klNats,
        int latentDim,
        int activeUnits,
        Integer importanceSamples,
        Double iwBpd,
        Double iwNats,
        List<Double> iwCi95,
        Double effectiveSamples) {

    /**
     * The settings of an evaluation.
     *
     * @param batchSize images at once
     * @param seed decides the draws of z; the bound from one draw is the same as in training's validation with this
     *     seed and batch size
     * @param importanceSamples K of the importance-weighted bound, 0 to leave it out
     * @param chunk draws of z for each image at once; bounds memory; 0 for as many as take some hundred MB
     */
    public record Settings(int batchSize, long seed, int importanceSamples, int chunk) {
        /** Values of feature maps decoded at once, and channels that networks have at the least. */
        private static final int VALUES = 1 << 25;

        private static final int CHANNELS = 32;

        /** Rejects counts out of range. */
        public Settings {
            require(batchSize >= 1, "batchSize", batchSize, "at least 1");
            require(importanceSamples >= 0, "importanceSamples", importanceSamples, "at least 1, or 0 for none");
            require(chunk >= 0, "chunk", chunk, "at least 1, or 0 for as many as fit");
        }

        /** The evidence lower bound alone. */
        public static Settings elbo(int batchSize, long seed) {
            return new Settings(batchSize, seed, 0, 0);
        }

        /** The draws at once for images of so many pixels and the likelihood's channels. */
        int draws(long pixels, int outputChannels) {
            long rows = VALUES / (pixels * Math.max(CHANNELS, outputChannels));
            return chunk > 0 ? chunk : (int) Math.max(1, rows / batchSize);
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
        if (settings.importanceSamples() > 0 && vae.prior() instanceof CodebookPrior) {
            throw new InputException("importance samples of a VAE with the prior codebook: all draws of z are the same;"
                    + " expected another prior, or −ELBO alone");
        }
        Watch watched = watch.throwing();
        watched.progress("evaluating", 0, images.size());
        Sums sums = new Sums(vae.prior().latentDim(), vae.likelihood().bpdUnit());
        int draws = settings.draws(
                (long) images.height() * images.width(), vae.likelihood().outputChannels(images.channels()));
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
                            sums.add(ImportanceWeightedBound.estimate(
                                    given, target, settings.importanceSamples(), draws, importance));
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
        private final List<Double> bounds = new ArrayList<>();
        private final List<Double> weighted = new ArrayList<>();
        private final List<Double> effective = new ArrayList<>();

        Sums(int latentDim, String bpdUnit) {
            this.latentDim = latentDim;
            this.bpdUnit = bpdUnit;
            this.units = new ActiveUnits(latentDim);
        }

        void add(Elbo elbo, int size) {
            n += size;
            reconstruction -= sum(elbo.logLikelihood());
            kl += sum(elbo.kl());
            add(elbo.value(), bounds);
            units.add(elbo.posterior().mean());
        }

        void add(ImportanceWeightedBound.Estimate estimate) {
            add(estimate.logLikelihood(), weighted);
            add(estimate.effectiveSamples(), effective);
        }

        private static void add(Tensor values, List<Double> to) {
            Arrays.stream(values.toDoubles()).forEach(to::add);
        }

        /** The interval of the negative mean of values; null for a single one. */
        private static List<Double> interval(List<Double> values) {
            return values.size() < 2
                    ? null
                    : SampleMean.of(doubles(values)).interval().negated().bounds();
        }

        private static double[] doubles(List<Double> values) {
            return values.stream().mapToDouble(Double::doubleValue).toArray();
        }

        VaeEvaluation result(int dimensions, int importanceSamples) {
            double bits = 1 / (dimensions * Math.log(2));
            double nelbo = (reconstruction + kl) / n;
            boolean weightedBound = importanceSamples > 0;
            double iw = -Arrays.stream(doubles(weighted)).average().orElse(0);
            return new VaeEvaluation(
                    n,
                    nelbo * bits,
                    bpdUnit,
                    nelbo,
                    interval(bounds),
                    reconstruction / n,
                    kl / n,
                    latentDim,
                    units.count(),
                    weightedBound ? importanceSamples : null,
                    weightedBound ? iw * bits : null,
                    weightedBound ? iw : null,
                    interval(weighted),
                    weightedBound ? new Quantiles(doubles(effective)).median() : null);
        }
    }
}
