package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Tensor;

/** The discretised logistic distribution, alone and as a likelihood. */
class LogisticTest extends GenerativeTest {
    private static final double[] SCALES = {1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 100, 1e3, 1e4};
    private static final double[] MEANS = {
        -1e6, -1e3, -30, -3, -1.02, -1, -0.99, -0.3, 0, 1 / 255.0, 0.77, 0.998, 1, 1.3, 5, 200, 1e4, 1e6
    };

    /** log P(level), with {@code mean} and {@code scale} in units of half the range, from the definition. */
    static double logMass(double mean, double scale, int level, int levels) {
        double perLevel = 2.0 / (levels - 1);
        double effective = scale + 0.01 * perLevel;
        double low = level == 0 ? Double.NEGATIVE_INFINITY : ((level - 0.5) * perLevel - 1 - mean) / effective;
        double high =
                level == levels - 1 ? Double.POSITIVE_INFINITY : ((level + 0.5) * perLevel - 1 - mean) / effective;
        // The difference is taken where both distribution functions are at most ½.
        return Math.log(low > 0 ? cdf(-low) - cdf(-high) : cdf(high) - cdf(low));
    }

    private static double cdf(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** Outputs for one image with a pixel for each mean and scale. */
    private static Tensor everyMeanAndScale(DType dtype) {
        double[] outputs = new double[2 * MEANS.length * SCALES.length];
        for (int i = 0; i < MEANS.length; i++) {
            for (int j = 0; j < SCALES.length; j++) {
                outputs[i * SCALES.length + j] = MEANS[i];
                outputs[(MEANS.length + i) * SCALES.length + j] = Math.log(SCALES[j]);
            }
        }
        return Tensor.of(outputs, 1, 2, MEANS.length, SCALES.length).to(dtype);
    }

    private static double[] logMasses(int levels, DType dtype) {
        Tensor none = Tensor.zeros(DType.INT64, 1, 1, MEANS.length, SCALES.length);
        return new Logistic(levels)
                .levelLogProbabilities(everyMeanAndScale(dtype), none, 0)
                .toDoubles();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8, 16, 32, 64, 128, 256})
    void theMassIsOneAtEveryBitDepthMeanAndScale(int levels) {
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            double[] log = logMasses(levels, dtype);
            int pixels = MEANS.length * SCALES.length;
            for (int pixel = 0; pixel < pixels; pixel++) {
                double sum = 0;
                for (int level = 0; level < levels; level++) {
                    sum += Math.exp(log[level * pixels + pixel]);
                }
                assertThat(sum)
                        .as("mean %s, scale %s, %s", MEANS[pixel / SCALES.length], SCALES[pixel % SCALES.length], dtype)
                        .isCloseTo(1, within(dtype == DType.FLOAT32 ? 2e-6 : 1e-11));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8, 16, 32, 64, 128, 256})
    void probabilitiesByHand(int levels) {
        double[] log = logMasses(levels, DType.FLOAT64);
        int pixels = MEANS.length * SCALES.length;
        int compared = 0;
        for (int i = 0; i < log.length; i++) {
            double expected = logMass(MEANS[i % pixels / SCALES.length], SCALES[i % SCALES.length], i / pixels, levels);
            // Below, the numbers of the plain formula underflow.
            if (expected > -600) {
                compared++;
                assertThat(log[i])
                        .as(
                                "level %d, mean %s, scale %s",
                                i / pixels, MEANS[i % pixels / SCALES.length], SCALES[i % SCALES.length])
                        .isCloseTo(expected, within(1e-8 * (1 + Math.abs(expected))));
            }
        }
        assertThat(compared).isGreaterThan(log.length / 3);
    }

    /** Where the plain formula underflows: the tail of the logistic is exponential. */
    @Test
    void farOutTheProbabilityFallsExponentially() {
        Tensor output = Tensor.of(new double[] {1000, Math.log(0.5)}, 1, 2, 1, 1);
        double[] log = new Logistic(256)
                .levelLogProbabilities(output, Tensor.zeros(DType.INT64, 1, 1, 1, 1), 0)
                .toDoubles();
        double scale = 0.5 + 0.02 / 255;
        assertThat(log[0]).isCloseTo((-1 + 1 / 255.0 - 1000) / scale, within(1e-9));
        assertThat(log[255]).isCloseTo(0, within(1e-12));
        for (int level = 1; level < 255; level++) {
            double upper = ((2 * level + 1) / 255.0 - 1 - 1000) / scale;
            assertThat(log[level]).isCloseTo(upper + Math.log(-Math.expm1(-2 / 255.0 / scale)), within(1e-9));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 8, 256})
    void probabilitiesAreIntegralsOfTheDensity(int levels) {
        double mean = 0.31;
        for (double scale : new double[] {0.02, 0.2, 2}) {
            Tensor output = Tensor.of(new double[] {mean, Math.log(scale)}, 1, 2, 1, 1);
            double[] log = new Logistic(levels)
                    .levelLogProbabilities(output, Tensor.zeros(DType.INT64, 1, 1, 1, 1), 0)
                    .toDoubles();
            double effective = scale + 0.02 / (levels - 1);
            double reach = 40 * effective + 2;
            for (int level = 0; level < levels; level += Math.max(1, levels / 8 - 1)) {
                double low = level == 0 ? -1 - reach : (2 * level - 1.0) / (levels - 1) - 1;
                double high = level == levels - 1 ? 1 + reach : (2 * level + 1.0) / (levels - 1) - 1;
                double expected = Statistics.integral(x -> density((x - mean) / effective) / effective, low, high);
                assertThat(Math.exp(log[level])).isCloseTo(expected, within(1e-9 + 1e-7 * expected));
            }
        }
    }

    /** e⁻ˣ / (1 + e⁻ˣ)², the standard logistic density. */
    private static double density(double x) {
        double e = Math.exp(-Math.abs(x));
        return e / ((1 + e) * (1 + e));
    }

    @Test
    void logProbabilityIsTheSumOverChannelsAndPixels() {
        double[] outputs = {0.2, -0.7, 0.9, 0.1, 1.4, -0.2, -1, -2, 0.5, -3, 0, -1.5};
        long[] target = {0, 7, 3, 5, 2, 7};
        double expected = 0;
        for (int i = 0; i < 6; i++) {
            expected += logMass(outputs[i], Math.exp(outputs[6 + i]), (int) target[i], 8);
        }
        Tensor found = new Logistic(8).logProbability(Tensor.of(outputs, 1, 6, 1, 2), Tensor.of(target, 1, 3, 1, 2));
        assertThat(found.toDoubles()).containsExactly(new double[] {expected}, within(1e-10));
        assertThat(new Logistic(8).outputChannels(3)).isEqualTo(6);
    }

    /** A scale of 0 gives the level at the mean everything; an endless one gives each end a half. */
    @Test
    void theLimitsOfTheScale() {
        double[] means = {-1e-7, 2 / 255.0 * 20 - 1 + 1e-4, -7, 7};
        Tensor output =
                Tensor.of(new double[] {means[0], means[1], means[2], means[3], -1e4, -1e4, -1e4, -1e4}, 1, 2, 1, 4);
        Tensor mode = new Logistic(256).mode(output);
        assertThat(mode.mul(255).toDoubles()).containsExactly(new double[] {127, 20, 0, 255}, within(1e-4));
        Tensor target = Tensor.of(new long[] {20, 0, 255}, 1, 1, 1, 3);
        assertThat(new Logistic(256)
                        .logProbability(output.narrow(3, 1, 3), target)
                        .item())
                .isCloseTo(0, within(1e-12));

        Tensor wide = Tensor.of(new double[] {0.3, 200}, 1, 2, 1, 1);
        double[] log = new Logistic(256).levelLogProbabilities(wide, target, 0).toDoubles();
        assertThat(log[0]).isCloseTo(-Math.log(2), within(1e-12));
        assertThat(log[255]).isCloseTo(-Math.log(2), within(1e-12));
        assertThat(log[77]).isCloseTo(-2 * Math.log(2) - 200 - Math.log(127.5), within(1e-12));
    }

    @Test
    void gradientsAreTheDifferencesAtEveryMeanAndScale() {
        Tensor output = everyMeanAndScale(DType.FLOAT64);
        double[] values = output.toDoubles();
        int pixels = values.length / 2;
        for (int level : new int[] {0, 1, 100, 255}) {
            Tensor target =
                    Tensor.zeros(DType.INT64, 1, 1, MEANS.length, SCALES.length).add(level);
            Tensor leaf = output.copy().requiresGrad(true);
            double[] gradient = Gradients.of(
                            new Logistic(256).logProbability(leaf, target).sum(), leaf)
                    .toDoubles();
            for (int i = 0; i < values.length; i++) {
                double mean = values[i % pixels];
                double scale = SCALES[i % SCALES.length];
                double expected = i < pixels ? slope(mean, scale, level) : slopeOfLogScale(mean, scale, level);
                assertThat(gradient[i])
                        .as("output %d, mean %s, scale %s, level %d", i / pixels, mean, scale, level)
                        .isCloseTo(expected, within(1e-6 * (1 + Math.abs(expected))));
            }
        }
    }

    // With edges a < b in units of the scale: ∂ log(σ(b) − σ(a)) = (1 − σ(b))·∂b − σ(a)·∂a + (∂b − ∂a)/(e^(b−a) − 1).
    private static double derivative(double low, double high, double ofLow, double ofHigh) {
        double sum = 0;
        if (Double.isFinite(high)) {
            sum += cdf(-high) * ofHigh;
        }
        if (Double.isFinite(low)) {
            sum -= cdf(low) * ofLow;
        }
        if (Double.isFinite(high) && Double.isFinite(low)) {
            sum += (ofHigh - ofLow) / Math.expm1(high - low);
        }
        return sum;
    }

    private static double[] edges(double mean, double scale, int level) {
        double effective = scale + 0.02 / 255;
        return new double[] {
            level == 0 ? Double.NEGATIVE_INFINITY : ((2 * level - 1) / 255.0 - 1 - mean) / effective,
            level == 255 ? Double.POSITIVE_INFINITY : ((2 * level + 1) / 255.0 - 1 - mean) / effective
        };
    }

    private static double slope(double mean, double scale, int level) {
        double[] edges = edges(mean, scale, level);
        double effective = scale + 0.02 / 255;
        return derivative(edges[0], edges[1], -1 / effective, -1 / effective);
    }

    private static double slopeOfLogScale(double mean, double scale, int level) {
        double[] edges = edges(mean, scale, level);
        double share = scale / (scale + 0.02 / 255);
        return derivative(edges[0], edges[1], -edges[0] * share, -edges[1] * share);
    }

    @Test
    void samplesHaveTheProbabilities() {
        int n = 40_000;
        List<double[]> outputs =
                new ArrayList<>(List.of(new double[] {0.1, -1.5}, new double[] {-1.2, -0.5}, new double[] {0.9, 1}));
        for (double[] output : outputs) {
            float[] values = new Logistic(16)
                    .sample(Tensor.of(output, 1, 2, 1, 1).to(DType.FLOAT32).expand(n, 2, 1, 1), rng(8))
                    .toFloats();
            long[] counts = new long[16];
            for (float value : values) {
                counts[Math.round(value * 15)]++;
            }
            double[] probabilities = new double[16];
            Arrays.setAll(probabilities, level -> Math.exp(logMass(output[0], Math.exp(output[1]), level, 16)));
            assertThat(Statistics.chiSquareOverLimitOfLikely(counts, probabilities))
                    .isLessThan(1);
        }
    }

    @Test
    void modeAndMeanByHand() {
        // Narrow around level 5 of 16, wide around it, and below the first level.
        double[] means = {5 / 7.5 - 1 + 0.02, 5 / 7.5 - 1 + 0.02, -4};
        double[] scales = {0.05, 3, 0.4};
        double[] outputs = {means[0], means[1], means[2], Math.log(0.05), Math.log(3), Math.log(0.4)};
        Tensor output = Tensor.of(outputs, 1, 2, 1, 3);
        assertThat(new Logistic(16).mode(output).mul(15).toDoubles())
                .as("with a wide scale the tail below the first level is the most probable")
                .containsExactly(new double[] {5, 0, 0}, within(1e-5));
        double[] expected = new double[3];
        for (int i = 0; i < 3; i++) {
            for (int level = 0; level < 16; level++) {
                expected[i] += level / 15.0 * Math.exp(logMass(means[i], scales[i], level, 16));
            }
        }
        assertThat(new Logistic(16).mean(output).toDoubles()).containsExactly(expected, within(1e-12));
    }
}
