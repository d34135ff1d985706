package varepsilon.generative;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.Arrays;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.stats.SampleMean;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The parts of a VAE's divergence from the prior, averaged over images. With the aggregate posterior q(z) = 1/N Σₙ
 * q(z|xₙ) of N images, of which n is one drawn at random,
 *
 * <pre>
 * E KL(q(z|x) ‖ p(z)) = I(z; n) + KL(q(z) ‖ p(z))                     (Hoffman, Johnson 2016)
 * KL(q(z) ‖ p(z))     = KL(q(z) ‖ ∏ q(zⱼ)) + Σⱼ KL(q(zⱼ) ‖ p(zⱼ))      (Chen et al. 2018, equation 2)
 * </pre>
 *
 * where the last line needs a prior whose dimensions are independent. Each part is a Monte Carlo estimate from one draw
 * of z an image; those of one estimate add up exactly. A mismatch of aggregate posterior and prior, KL(q(z) ‖ p(z)),
 * means that samples are decoded from latent vectors that no image has. It also grows where N is small: as I(z; n) is at
 * most log N, the mismatch is at least the average divergence less log N, whatever the model. Codes of many nats come
 * close to that floor, and then only the dimension-wise part and the moments of q(z) say something of the model.
 *
 * @param n images that z was drawn for
 * @param klNats average KL(q(z|x) ‖ p(z)), from the same draws
 * @param indexCodeNats the index-code mutual information I(z; n): at most log N
 * @param aggregateKlNats KL(q(z) ‖ p(z))
 * @param aggregateKlFloorNats what it cannot be below, for so many images: klNats − log N, at least 0
 * @param totalCorrelationNats KL(q(z) ‖ ∏ q(zⱼ))
 * @param dimensionWiseKlNats Σⱼ KL(q(zⱼ) ‖ p(zⱼ)); null where the prior's dimensions are not independent
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record KlDecomposition(
        int n,
        Part klNats,
        Part indexCodeNats,
        Part aggregateKlNats,
        double aggregateKlFloorNats,
        Part totalCorrelationNats,
        Part dimensionWiseKlNats) {
    /** Numbers in the largest tensor, which then stays in the processor's cache; a row of it may be larger. */
    private static final long CHUNK = 1L << 18;

    /**
     * A part.
     *
     * @param value in nats
     * @param standardError of the draws of z, the images given
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Part(double value, double standardError) {
        static Part of(double[] values) {
            SampleMean mean = SampleMean.of(values);
            return new Part(mean.mean(), mean.standardError());
        }
    }

    /**
     * For images drawn at random, without replacement, from a data set. Where they are the whole data set, q(z) is
     * computed exactly. Else each image's own posterior has the weight 1/N that it has in q(z), and those of the M − 1
     * other images stand for the N − 1 others: an unbiased estimate of q(z), minibatch stratified sampling with equal
     * weights of the others (Chen et al. 2018, appendix C.2). Its logarithm is too small on average, and so I(z; n) too
     * large, the more so the fewer the images. (Minibatch-weighted sampling, which they train with, is biased even for
     * the whole data set, by log N.)
     *
     * @param q of M images, at least 2
     * @param z a draw of q for each image, M×latentDim
     * @param prior p(z)
     * @param dataSize N, at least M
     */
    public static KlDecomposition of(DiagonalGaussian q, Tensor z, Prior prior, long dataSize) {
        return of(q, z, prior, dataSize, Watch.NONE);
    }

    /**
     * The same.
     *
     * @param watch receives the number of images done
     * @throws StoppedException where a stop is requested
     */
    public static KlDecomposition of(DiagonalGaussian q, Tensor z, Prior prior, long dataSize, Watch watch) {
        int m = (int) z.size(0);
        if (m < 2 || dataSize < m) {
            throw new IllegalArgumentException(m + " images of " + dataSize + ": expected at least 2, and no more");
        }
        Watch watched = watch.throwing();
        watched.progress("comparing posteriors", 0, m);
        try (var scope = Scope.withoutGradients()) {
            double[] posterior = doubles(q.logProbability(z));
            double[] priors = doubles(prior.logProbability(z));
            double[] aggregate = new double[m];
            double[] product = new double[m];
            Posteriors posteriors = Posteriors.of(q);
            int rows = (int) Math.max(1, CHUNK / z.count());
            for (int start = 0; start < m; start += rows) {
                try (var inner = Scope.open()) {
                    int size = Math.min(rows, m - start);
                    Tensor perDimension = posteriors.logProbability(z.narrow(0, start, size));
                    Tensor weights =
                            logWeights(start, size, m, dataSize).to(z.dtype()).to(z.device());
                    put(perDimension.sum(1L).add(weights).logSumExp(1), aggregate, start);
                    put(perDimension.add(weights.unsqueeze(1)).logSumExp(2).sum(1L), product, start);
                }
                watched.progress("comparing posteriors", Math.min(m, start + rows), m);
            }
            Part kl = Part.of(difference(posterior, priors));
            return new KlDecomposition(
                    m,
                    kl,
                    Part.of(difference(posterior, aggregate)),
                    Part.of(difference(aggregate, priors)),
                    Math.max(0, kl.value() - Math.log(dataSize)),
                    Part.of(difference(aggregate, product)),
                    prior instanceof StandardNormal ? Part.of(difference(product, priors)) : null);
        }
    }

    /** The posteriors of all images, each latentDim×M. */
    private record Posteriors(Tensor mean, Tensor inverseStd, Tensor logScale) {
        static Posteriors of(DiagonalGaussian q) {
            Tensor logStd = q.logStd().transpose(0, 1).copy();
            return new Posteriors(
                    q.mean().transpose(0, 1).copy(), logStd.neg().exp(), logStd.add(0.5 * DiagonalGaussian.LOG_TWO_PI));
        }

        /** log q(zⱼ|xₙ): rows of z × dimensions × images. */
        Tensor logProbability(Tensor z) {
            return z.unsqueeze(2)
                    .sub(mean)
                    .mul(inverseStd)
                    .square()
                    .mulInPlace(-0.5)
                    .addInPlace(logScale, -1);
        }
    }

    /** The logarithm of the weight of each image's posterior in q(z), for the draws of some images: rows × images. */
    private static Tensor logWeights(int start, int rows, int m, long dataSize) {
        double others = Math.log((dataSize - 1.0) / dataSize / (m - 1));
        double[] weights = new double[rows * m];
        Arrays.fill(weights, others);
        for (int i = 0; i < rows; i++) {
            weights[i * m + start + i] = -Math.log(dataSize);
        }
        return Tensor.of(weights, rows, m);
    }

    private static void put(Tensor values, double[] target, int start) {
        double[] found = doubles(values);
        System.arraycopy(found, 0, target, start, found.length);
    }

    private static double[] doubles(Tensor values) {
        return values.to(DType.FLOAT64).toDoubles();
    }

    private static double[] difference(double[] a, double[] b) {
        double[] difference = new double[a.length];
        Arrays.setAll(difference, i -> a[i] - b[i]);
        return difference;
    }
}
