package varepsilon.generative;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.stats.NormalFit;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * How far a VAE's aggregate posterior q(z), the average of q(z|x) over images, is from its prior. Samples are decoded
 * from the prior, and the decoder was trained on the aggregate posterior.
 *
 * @param n images
 * @param dataSize images of the data set that they stand for
 * @param latentDim dimensions of z
 * @param gaussianTotalCorrelationNats total correlation of the normal distribution that is fitted to draws of q(z);
 *     null where there are not more images than dimensions
 * @param decomposition the parts of the average divergence; null where the posterior is not a diagonal Gaussian, for
 *     which they are not computed
 * @param dimensions mean and variance of each
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record AggregatePosterior(
        int n,
        long dataSize,
        int latentDim,
        Double gaussianTotalCorrelationNats,
        KlDecomposition decomposition,
        List<Dimension> dimensions) {
    /** Draws of a prior whose moments are not known. */
    private static final int PRIOR_DRAWS = 10_000;

    /**
     * A latent dimension.
     *
     * @param mean of q(z), from one draw an image
     * @param variance of q(z), from the same draws
     * @param priorMean of p(z); where the prior is not the standard normal, of 10,000 draws
     * @param priorVariance of p(z), likewise
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Dimension(double mean, double variance, double priorMean, double priorVariance) {}

    /**
     * Measures in evaluation mode; modes are restored.
     *
     * @param images at least 2, drawn at random from a data set or all of it
     * @param dataSize images of the data set, at least as many
     * @param batchSize images encoded at once, at least 1
     * @param seed of the draws of z
     * @param watch receives the number of images done
     * @throws StoppedException where a stop is requested
     */
    public static AggregatePosterior of(
            Vae vae, ImageSet images, long dataSize, int batchSize, long seed, Watch watch) {
        try (var scope = Scope.withoutGradients()) {
            Encoded encoded = encode(vae, images, batchSize, seed, watch.throwing());
            double[][] draws = rows(encoded.z);
            int latentDim = vae.prior().latentDim();
            // Codes are no normal distribution, and one that never changes has no covariance that can be inverted.
            boolean isFitted = draws.length > latentDim && !(vae.prior() instanceof CodebookPrior);
            NormalFit fit = isFitted ? NormalFit.of(draws) : null;
            KlDecomposition parts = encoded.diagonal == null
                    ? null
                    : KlDecomposition.of(encoded.diagonal, encoded.z, vae.prior(), dataSize, watch);
            return new AggregatePosterior(
                    images.size(),
                    dataSize,
                    latentDim,
                    fit == null ? null : TotalCorrelation.of(fit),
                    parts,
                    dimensions(encoded.z, vae, seed));
        }
    }

    /**
     * What is known of all images.
     *
     * @param z one draw of q(z|x) each, N×latentDim
     * @param diagonal their posteriors; null where these are not diagonal Gaussians
     */
    private record Encoded(Tensor z, DiagonalGaussian diagonal) {}

    private static Encoded encode(Vae vae, ImageSet images, int batchSize, long seed, Watch watch) {
        List<Tensor> z = new ArrayList<>();
        List<Tensor> means = new ArrayList<>();
        List<Tensor> logStds = new ArrayList<>();
        watch.progress("encoding", 0, images.size());
        try (Rng rng = Seed.of(seed).split("aggregate posterior").stream()) {
            vae.evaluating(() -> {
                int done = 0;
                var batches = Batches.of(images, batchSize).iterator();
                while (batches.hasNext()) {
                    try (var scope = Scope.open()) {
                        Batch batch = batches.next();
                        Posterior q = vae.given(batch).posterior(vae.target(batch.images()));
                        z.add(scope.keep(q.draw(1, rng).z().squeeze(0)));
                        if (q instanceof DiagonalGaussian diagonal) {
                            means.add(scope.keep(diagonal.mean().copy()));
                            logStds.add(scope.keep(diagonal.logStd().copy()));
                        }
                        done += batch.size();
                    }
                    watch.progress("encoding", done, images.size());
                }
            });
        }
        return new Encoded(
                Tensor.concat(0, z),
                means.isEmpty() ? null : new DiagonalGaussian(Tensor.concat(0, means), Tensor.concat(0, logStds)));
    }

    private static List<Dimension> dimensions(Tensor z, Vae vae, long seed) {
        Moments posterior = Moments.of(z);
        Moments prior =
                vae.prior() instanceof StandardNormal normal ? Moments.standard(normal.latentDim()) : drawn(vae, seed);
        List<Dimension> dimensions = new ArrayList<>();
        for (int j = 0; j < posterior.mean.length; j++) {
            dimensions.add(new Dimension(posterior.mean[j], posterior.variance[j], prior.mean[j], prior.variance[j]));
        }
        return dimensions;
    }

    private static Moments drawn(Vae vae, long seed) {
        try (Rng rng = Seed.of(seed).split("moments of the prior").stream()) {
            return vae.evaluating(() -> Moments.of(vae.prior().frozen().sample(PRIOR_DRAWS, rng)));
        }
    }

    private record Moments(double[] mean, double[] variance) {
        static Moments of(Tensor draws) {
            Tensor values = draws.to(DType.FLOAT64);
            Tensor mean = values.mean(0);
            Tensor variance = values.sub(mean).square().sum(0L).div(values.size(0) - 1.0);
            return new Moments(mean.toDoubles(), variance.toDoubles());
        }

        static Moments standard(int latentDim) {
            double[] ones = new double[latentDim];
            Arrays.fill(ones, 1);
            return new Moments(new double[latentDim], ones);
        }
    }

    private static double[][] rows(Tensor matrix) {
        double[] flat = matrix.to(DType.FLOAT64).toDoubles();
        int columns = (int) matrix.size(1);
        double[][] rows = new double[(int) matrix.size(0)][];
        Arrays.setAll(rows, i -> Arrays.copyOfRange(flat, i * columns, (i + 1) * columns));
        return rows;
    }
}
