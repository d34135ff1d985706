package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

class CategoricalTest extends GenerativeTest {
    private static Tensor allBytes() {
        byte[] bytes = new byte[256];
        for (int i = 0; i < 256; i++) {
            bytes[i] = (byte) i;
        }
        return Tensor.of(bytes, 1, 1, 16, 16);
    }

    private static double[] softmax(double... logits) {
        double sum = Arrays.stream(logits).map(Math::exp).sum();
        return Arrays.stream(logits).map(l -> Math.exp(l) / sum).toArray();
    }

    /** log softmax at one level, by plain arithmetic; output N×(C·levels)×H×W in row-major order. */
    private static double logProbability(
            double[] output, int levels, int channels, int pixels, int n, int c, int p, int v) {
        double[] logits = new double[levels];
        for (int level = 0; level < levels; level++) {
            logits[level] = output[((n * channels + c) * levels + level) * pixels + p];
        }
        return Math.log(softmax(logits)[v]);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 16, 128, 256})
    void levelsAreTheLeadingBits(int levels) {
        Categorical likelihood = new Categorical(levels);
        Tensor target = likelihood.target(allBytes());
        assertThat(target.dtype()).isEqualTo(DType.INT64);
        assertThat(target.shape()).containsExactly(1, 1, 16, 16);
        long[] found = target.toLongs();
        float[] input = likelihood.encoderInput(target).toFloats();
        int shift = 8 - (int) Math.round(Math.log(levels) / Math.log(2));
        for (int p = 0; p < 256; p++) {
            assertThat(found[p]).isEqualTo(Math.min((long) Math.floor(p / 256.0 * levels), levels - 1));
            assertThat(found[p]).isEqualTo(p >> shift);
            assertThat((double) input[p]).isCloseTo(2.0 * found[p] / (levels - 1) - 1, within(2e-7));
        }
        assertThat(input[0]).isEqualTo(-1);
        assertThat(input[255]).isCloseTo(1, within(2e-7f));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void logProbabilityIsTheSoftmaxSummedOverTheImage(int channels) {
        int n = 2;
        int levels = 4;
        int pixels = 6;
        Tensor output =
                rng(1).normal(DType.FLOAT64, n, (long) channels * levels, 2, 3).mul(2);
        double[] values = output.toDoubles();
        long[] target = new long[n * channels * pixels];
        Arrays.setAll(target, i -> (i * 7L + 3) % levels);
        double[] expected = new double[n];
        for (int i = 0; i < target.length; i++) {
            int image = i / (channels * pixels);
            int channel = i / pixels % channels;
            expected[image] +=
                    logProbability(values, levels, channels, pixels, image, channel, i % pixels, (int) target[i]);
        }
        Tensor found = new Categorical(levels).logProbability(output, Tensor.of(target, n, channels, 2, 3));
        assertThat(found.toDoubles()).containsExactly(expected, within(1e-12));
    }

    @Test
    void probabilitiesOfAllLevelsAddUpToOne() {
        Tensor output = rng(2).normal(DType.FLOAT64, 1, 16, 1, 1).mul(3);
        double sum = 0;
        for (int level = 0; level < 16; level++) {
            Tensor target = Tensor.of(new long[] {level}, 1, 1, 1, 1);
            sum += Math.exp(new Categorical(16).logProbability(output, target).item());
        }
        assertThat(sum).isCloseTo(1, within(1e-12));
    }

    @Test
    void aConstantAddedToLogitsChangesNothing() {
        Categorical likelihood = new Categorical(4);
        Tensor output = rng(3).normal(DType.FLOAT64, 2, 4, 3, 3);
        Tensor shifted = output.add(57.25);
        Tensor target = Tensor.zeros(DType.INT64, 2, 1, 3, 3);
        assertThat(likelihood.logProbability(shifted, target).toDoubles())
                .containsExactly(likelihood.logProbability(output, target).toDoubles(), within(1e-11));
        assertThat(likelihood.mode(shifted).toDoubles())
                .containsExactly(likelihood.mode(output).toDoubles());
        assertThat(likelihood.mean(shifted).toDoubles())
                .containsExactly(likelihood.mean(output).toDoubles(), within(1e-12));
        assertThat(likelihood.sample(shifted, rng(4)).toDoubles())
                .containsExactly(likelihood.sample(output, rng(4)).toDoubles());
    }

    @Test
    void largeLogitsDoNotOverflow() {
        Categorical likelihood = new Categorical(4);
        Tensor output = Tensor.of(new float[] {1e4f, -1e4f, 3e4f, 0}, 1, 4, 1, 1);
        assertThat(likelihood.logProbability(output, level(2)).item()).isZero();
        assertThat(likelihood.logProbability(output, level(1)).item()).isEqualTo(-4e4);
        assertThat(likelihood.mean(output).item()).isCloseTo(2 / 3.0, within(1e-7));
        assertThat(likelihood.mode(output).item()).isCloseTo(2 / 3.0, within(1e-7));
        assertThat(likelihood.sample(output, rng(1)).item()).isCloseTo(2 / 3.0, within(1e-7));
    }

    private static Tensor level(long level) {
        return Tensor.of(new long[] {level}, 1, 1, 1, 1);
    }

    @Test
    void modeAndMeanOfEachChannelAndPixel() {
        // Three channels of two levels, two pixels: in each pair the logits of one level at both pixels.
        double[] logits = {0, 2, 1, -1, 5, 0, 0, 0.5, -1, 0, -2, 3};
        Tensor output = Tensor.of(logits, 1, 6, 1, 2);
        Categorical likelihood = new Categorical(2);
        assertThat(likelihood.mode(output).shape()).containsExactly(1, 3, 1, 2);
        assertThat(likelihood.mode(output).dtype()).isEqualTo(DType.FLOAT32);
        assertThat(likelihood.mode(output).toDoubles()).containsExactly(1, 0, 0, 1, 0, 1);
        double[] expected = {
            softmax(0, 1)[1],
            softmax(2, -1)[1],
            softmax(5, 0)[1],
            softmax(0, 0.5)[1],
            softmax(-1, -2)[1],
            softmax(0, 3)[1]
        };
        assertThat(likelihood.mean(output).toDoubles()).containsExactly(expected, within(1e-12));
    }

    @Test
    void theMeanIsInUnitsOfTheFullRange() {
        double[] logits = rng(6).normal(DType.FLOAT64, 16).toDoubles();
        double[] probabilities = softmax(logits);
        double expected = 0;
        for (int level = 0; level < 16; level++) {
            expected += probabilities[level] * level / 15;
        }
        assertThat(new Categorical(16).mean(Tensor.of(logits, 1, 16, 1, 1)).item())
                .isCloseTo(expected, within(1e-12));
    }

    @Test
    void samplesHaveTheProbabilitiesAndPixelsAreIndependent() {
        int n = 20_000;
        double[] first = {0.5, -1, 1.5, 0};
        double[] second = {-0.5, 0.2, 0, 1};
        double[] logits = new double[8];
        for (int level = 0; level < 4; level++) {
            logits[2 * level] = first[level];
            logits[2 * level + 1] = second[level];
        }
        Tensor output = Tensor.of(logits, 1, 4, 1, 2).expand(n, 4, 1, 2);
        Tensor samples = new Categorical(4).sample(output, rng(8));
        assertThat(samples.shape()).containsExactly(n, 1, 1, 2);
        float[] values = samples.toFloats();
        long[] counts = new long[16];
        for (int i = 0; i < n; i++) {
            counts[4 * Math.round(3 * values[2 * i]) + Math.round(3 * values[2 * i + 1])]++;
        }
        double[] probabilities = new double[16];
        for (int i = 0; i < 16; i++) {
            probabilities[i] = softmax(first)[i / 4] * softmax(second)[i % 4];
        }
        assertThat(Statistics.chiSquareOverLimit(counts, probabilities)).isLessThan(1);
        for (float value : values) {
            assertThat(3 * value).isCloseTo(Math.round(3 * value), within(1e-6f));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-16, 0, 1, 3, 17, 512})
    void otherNumbersOfLevelsAreRefused(int levels) {
        assertThatThrownBy(() -> new Categorical(levels))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("levels " + levels);
    }
}
