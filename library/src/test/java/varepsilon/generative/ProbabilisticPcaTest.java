package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Bounds on log p(x) where log p(x) and the posterior are known in closed form. */
class ProbabilisticPcaTest extends GenerativeTest {
    private static final int D = 6;
    private static final double STD = 0.3;
    /** Orthogonal columns, so that the exact posterior has a diagonal covariance. */
    private static final LinearVae MODEL = new LinearVae(
            new double[][] {{0.8, 0.1}, {0.4, -0.2}, {0, 0.5}, {-0.3, 0}, {0.2, 0.1}, {0.1, -0.2}},
            new double[] {0.5, 0.2, -0.3, 0.1, 0, 0.7},
            STD);

    private static final double[][] IMAGES = {
        {0.9, 0.1, 0.4, -0.2, 0.3, 1.1}, {0.5, 0.2, -0.3, 0.1, 0, 0.7}, {-1.2, 0.6, 1.4, 0.8, -0.4, 0.2}
    };

    @BeforeEach
    void columnsAreOrthogonal() {
        double product =
                Arrays.stream(MODEL.w()).mapToDouble(row -> row[0] * row[1]).sum();
        assertThat(product).isCloseTo(0, within(1e-15));
    }

    private static Tensor target(double[][] images) {
        return Tensor.of(Arrays.stream(images).flatMapToDouble(Arrays::stream).toArray(), images.length, 1, 1, D);
    }

    /** The same image n times: independent estimates in one batch. */
    private static Tensor repeated(double[] image, int n) {
        return Tensor.of(image, 1, 1, 1, D).expand(n, 1, 1, D);
    }

    private Vae model(double shift, double stretch) {
        return closing(MODEL.withEncoder(shift, stretch, init(DType.FLOAT64, 1)));
    }

    private double[] bounds(Vae vae, double[] image, int repeats, int samples, int chunk, long seed) {
        try (var scope = Scope.withoutGradients()) {
            return ImportanceWeightedBound.logLikelihood(vae, repeated(image, repeats), samples, chunk, rng(seed))
                    .toDoubles();
        }
    }

    @Test
    void theEncoderGivesTheExactPosterior() {
        DiagonalGaussian q = (DiagonalGaussian) model(0, 1).posterior(target(IMAGES));
        double[] mean = q.mean().toDoubles();
        double[] logStd = q.logStd().toDoubles();
        for (int i = 0; i < IMAGES.length; i++) {
            double[] expected = MODEL.posteriorMean(IMAGES[i]);
            for (int j = 0; j < 2; j++) {
                assertThat(mean[2 * i + j]).isCloseTo(expected[j], within(1e-12));
                assertThat(logStd[2 * i + j]).isCloseTo(Math.log(MODEL.posteriorStd()[j]), within(1e-12));
            }
        }
    }

    @Test
    void withTheExactPosteriorEveryWeightIsTheLikelihood() {
        Vae vae = model(0, 1);
        for (int[] samplesAndChunk : new int[][] {{1, 1}, {7, 3}, {5, 100}}) {
            double[] bound = ImportanceWeightedBound.logLikelihood(
                            vae, target(IMAGES), samplesAndChunk[0], samplesAndChunk[1], rng(3))
                    .toDoubles();
            for (int i = 0; i < IMAGES.length; i++) {
                assertThat(bound[i])
                        .as("K = %d", samplesAndChunk[0])
                        .isCloseTo(MODEL.logLikelihood(IMAGES[i]), within(1e-10));
            }
        }
    }

    @Test
    void theElboIsTheLikelihoodLessTheDivergenceFromThePosterior() {
        for (double[] off : new double[][] {{0, 1}, {0.2, 1.5}, {-0.3, 0.6}}) {
            Vae vae = model(off[0], off[1]);
            for (double[] image : IMAGES) {
                double[] draws =
                        vae.elbo(repeated(image, 20_000), rng(5)).value().toDoubles();
                double gap = divergenceFromPosterior(off[0], off[1]);
                assertThat(gap).isGreaterThanOrEqualTo(0);
                assertThat(Statistics.mean(draws))
                        .as("shift %s, stretch %s", off[0], off[1])
                        .isCloseTo(MODEL.logLikelihood(image) - gap, within(4 * Statistics.standardError(draws)));
            }
        }
    }

    /** Σ over dimensions of KL(N(m + shift, (stretch·s)²) ‖ N(m, s²)). */
    private static double divergenceFromPosterior(double shift, double stretch) {
        return Arrays.stream(MODEL.posteriorStd())
                .map(s -> -Math.log(stretch) + (stretch * stretch + shift * shift / (s * s)) / 2 - 0.5)
                .sum();
    }

    @Test
    void theBoundRisesWithTheSamplesToTheLikelihood() {
        Vae vae = model(0.1, 1.3);
        double[] image = IMAGES[0];
        double logLikelihood = MODEL.logLikelihood(image);
        double before = Double.NEGATIVE_INFINITY;
        for (int samples : new int[] {1, 2, 4, 16, 64}) {
            double[] bounds = bounds(vae, image, 20_000, samples, 16, 17);
            double bound = Statistics.mean(bounds);
            double margin = 4 * Statistics.standardError(bounds);
            assertThat(bound - margin).as("K = %d", samples).isGreaterThan(before);
            assertThat(bound - margin).isLessThan(logLikelihood);
            before = bound;
            if (samples == 1) {
                assertThat(bound).isCloseTo(logLikelihood - divergenceFromPosterior(0.1, 1.3), within(margin));
            }
            if (samples == 64) {
                // log p(x) − bound → Var(w)/(2K·p(x)²) (Burda et al. 2016 say that it vanishes; the rate is the delta
                // method's).
                double expected = (secondMoment(0.1, 1.3) - 1) / (2 * samples);
                assertThat(logLikelihood - bound).isCloseTo(expected, within(margin + 0.1 * expected));
            }
        }
    }

    /** E_q[(w/p(x))²] = Π ∫ posterior²/q over the dimensions, with q off by shift and stretch. */
    private static double secondMoment(double shift, double stretch) {
        double product = 1;
        for (double s : MODEL.posteriorStd()) {
            double q = stretch * s;
            product *= Statistics.integral(
                    z -> Math.exp(2 * Statistics.logNormal(z, 0, s) - Statistics.logNormal(z, shift, q)),
                    -15 * s,
                    15 * s);
        }
        return product;
    }

    @Test
    void chunksDoNotChangeTheEstimator() {
        // A poor posterior, so that weights differ much and a wrong share of a chunk would show.
        Vae vae = model(0.15, 0.8);
        double[] whole = bounds(vae, IMAGES[2], 5_000, 10, 10, 23);
        for (int chunk : new int[] {1, 4, 7}) {
            double[] chunked = bounds(vae, IMAGES[2], 5_000, 10, chunk, 29 + chunk);
            assertThat(Statistics.mean(chunked))
                    .as("chunk %d", chunk)
                    .isCloseTo(
                            Statistics.mean(whole),
                            within(4 * Math.hypot(Statistics.standardError(chunked), Statistics.standardError(whole))));
            assertThat(Statistics.standardError(chunked))
                    .isCloseTo(Statistics.standardError(whole), within(0.1 * Statistics.standardError(whole)));
        }
    }
}
