package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.data.ImageShape;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

class LogisticMixtureTest extends GenerativeTest {
    /** One component at one channel, given the earlier levels; output by run, then component. */
    private static double logMass(double[][] output, int k, int channel, int channels, int[] colour, int levels) {
        double mean = output[1 + channel][k];
        int coefficients = 1 + 2 * channels + channel * (channel - 1) / 2;
        for (int j = 0; j < channel; j++) {
            mean += Math.tanh(output[coefficients + j][k]) * (2.0 * colour[j] / (levels - 1) - 1);
        }
        double scale = Math.exp(output[1 + channels + channel][k]);
        return LogisticTest.logMass(mean, scale, colour[channel], levels);
    }

    /** The probability of a colour by plain arithmetic. */
    private static double probability(double[][] output, int channels, int[] colour, int levels) {
        double weights = Arrays.stream(output[0]).map(Math::exp).sum();
        double sum = 0;
        for (int k = 0; k < output[0].length; k++) {
            double log = 0;
            for (int channel = 0; channel < channels; channel++) {
                log += logMass(output, k, channel, channels, colour, levels);
            }
            sum += Math.exp(output[0][k]) / weights * Math.exp(log);
        }
        return sum;
    }

    /** The outputs for one pixel, by run and component. */
    private static double[][] pixel(double[] values, int components, int pixels, int pixel) {
        double[][] output = new double[values.length / pixels / components][components];
        for (int i = 0; i < values.length / pixels; i++) {
            output[i / components][i % components] = values[i * pixels + pixel];
        }
        return output;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void logProbabilityByHand(int channels) {
        int levels = 16;
        int components = 4;
        LogisticMixture likelihood = new LogisticMixture(levels, components);
        Tensor output = rng(2).normal(DType.FLOAT64, 1, likelihood.outputChannels(channels), 2, 3);
        long[] target = new long[channels * 6];
        Arrays.setAll(target, i -> (i * 11L + 5) % levels);
        double expected = 0;
        for (int pixel = 0; pixel < 6; pixel++) {
            int[] colour = new int[channels];
            for (int channel = 0; channel < channels; channel++) {
                colour[channel] = (int) target[channel * 6 + pixel];
            }
            expected +=
                    Math.log(probability(pixel(output.toDoubles(), components, 6, pixel), channels, colour, levels));
        }
        assertThat(likelihood
                        .logProbability(output, Tensor.of(target, 1, channels, 2, 3))
                        .toDoubles())
                .containsExactly(new double[] {expected}, within(1e-8));
    }

    @Test
    void theOutputsOfGreyAndColourImages() {
        assertThat(new LogisticMixture(256, 10).outputChannels(1)).isEqualTo(30);
        assertThat(new LogisticMixture(256, 10).outputChannels(3)).isEqualTo(100);
        assertThat(new LogisticMixture(256, 5).outputChannels(2)).isEqualTo(30);
    }

    @Test
    void oneComponentIsTheLogistic() {
        Tensor parameters = rng(4).normal(DType.FLOAT64, 2, 6, 3, 3);
        Tensor target = Tensor.of(rng(5).uniform(2, 3, 3, 3).mul(256).toLongs(), 2, 3, 3, 3);
        double[] expected = new Logistic(256).logProbability(parameters, target).toDoubles();
        Tensor anyLogits = rng(6).normal(DType.FLOAT64, 2, 1, 3, 3);
        Tensor noCoefficients = Tensor.zeros(DType.FLOAT64, 2, 3, 3, 3);
        Tensor output = Tensor.concat(1, List.of(anyLogits, parameters, noCoefficients));
        assertThat(new LogisticMixture(256, 1).logProbability(output, target).toDoubles())
                .containsExactly(expected, within(1e-9));
    }

    @Test
    void equalComponentsAreOne() {
        LogisticMixture one = new LogisticMixture(256, 1);
        Tensor output = rng(4).normal(DType.FLOAT64, 2, 10, 3, 3);
        Tensor target = Tensor.of(rng(5).uniform(2, 3, 3, 3).mul(256).toLongs(), 2, 3, 3, 3);
        Tensor repeated = output.unsqueeze(2).expand(2, 10, 5, 3, 3).reshape(2, 50, 3, 3);
        assertThat(new LogisticMixture(256, 5).logProbability(repeated, target).toDoubles())
                .containsExactly(one.logProbability(output, target).toDoubles(), within(1e-9));
    }

    /** Outputs for one pixel of one component: logit, means, scales, coefficients. */
    private static double[] component(double logit, double[] means, double scale, double... coefficients) {
        double[] runs = new double[1 + 2 * means.length + coefficients.length];
        runs[0] = logit;
        for (int i = 0; i < means.length; i++) {
            runs[1 + i] = means[i];
            runs[1 + means.length + i] = Math.log(scale);
        }
        System.arraycopy(coefficients, 0, runs, 1 + 2 * means.length, coefficients.length);
        return runs;
    }

    private static Tensor output(double[]... components) {
        double[] values = new double[components.length * components[0].length];
        for (int i = 0; i < values.length; i++) {
            values[i] = components[i % components.length][i / components.length];
        }
        return Tensor.of(values, 1, values.length, 1, 1);
    }

    @Test
    void theModeIsTheHighestPeakOfTheWholeMixture() {
        // Two narrow components at levels 3 and 12, and a heavier but wide one between them.
        Tensor grey = output(
                component(Math.log(0.3), new double[] {3 / 7.5 - 1}, 0.02),
                component(Math.log(0.25), new double[] {12 / 7.5 - 1}, 0.02),
                component(Math.log(0.45), new double[] {8 / 7.5 - 1}, 0.2));
        assertThat(new LogisticMixture(16, 3).mode(grey).mul(15).item()).isCloseTo(3, within(1e-5));
        double expected = 0;
        for (int level = 0; level < 16; level++) {
            expected += level / 15.0 * probability(pixel(grey.toDoubles(), 3, 1, 0), 1, new int[] {level}, 16);
        }
        assertThat(new LogisticMixture(16, 3).mean(grey).item()).isCloseTo(expected, within(1e-12));
    }

    /** Red decides the component, and the component green and blue. */
    @Test
    void laterChannelsOfTheModeAreThoseOfItsFirst() {
        double[] low = component(0, new double[] {-0.6, 0.6, 0.2}, 0.01, 0, 0, 0);
        double[] high = component(0.1, new double[] {0.6, -0.6, -0.2}, 0.01, 0, 0, 0);
        Tensor both = output(low, high);
        assertThat(new LogisticMixture(256, 2).mode(both).toDoubles())
                .containsExactly(new double[] {204 / 255.0, 51 / 255.0, 102 / 255.0}, within(2e-3));
        Tensor known = Tensor.of(new long[] {51, 0, 0}, 1, 3, 1, 1);
        Tensor green = new LogisticMixture(256, 2).levelLogProbabilities(both, known, 1);
        assertThat(green.argmax(1).item()).as("given the red of the other").isEqualTo(204);
    }

    @Test
    void theMeanOfColoursIsThatOfAllColours() {
        // Hardly any mass is beyond the first and the last level, and the scales are near a level, so that what
        // rounding
        // adds to the mean is below 10⁻⁵ (the logistic's characteristic function at 2π).
        Tensor output = output(
                component(0.4, new double[] {-0.2, 0.1, 0.3}, 0.05, 0.5, -0.7, 0.3),
                component(-0.3, new double[] {0.3, -0.1, 0}, 0.06, -0.4, 0.2, 0.8));
        double[][] pixel = pixel(output.toDoubles(), 2, 1, 0);
        double[] expected = new double[3];
        for (int colour = 0; colour < 32_768; colour++) {
            int[] levels = {colour / 1024, colour / 32 % 32, colour % 32};
            double probability = probability(pixel, 3, levels, 32);
            for (int channel = 0; channel < 3; channel++) {
                expected[channel] += probability * levels[channel] / 31;
            }
        }
        assertThat(new LogisticMixture(32, 2).mean(output).toDoubles()).containsExactly(expected, within(2e-5));
    }

    /** With a coefficient near 1 and narrow scales, green follows red. */
    @Test
    void sampledChannelsFollowEachOther() {
        Tensor output =
                output(component(0, new double[] {0, 0, 0}, 0.1, 20, 20, -20)).expand(2000, 10, 1, 1);
        double[] values =
                new LogisticMixture(256, 1).sample(output, rng(3)).mul(2).sub(1).toDoubles();
        double[] greenLessRed = new double[2000];
        double[] blue = new double[2000];
        for (int i = 0; i < 2000; i++) {
            greenLessRed[i] = values[3 * i + 1] - values[3 * i];
            // Its mean is red − green.
            blue[i] = values[3 * i + 2] + greenLessRed[i];
        }
        // The logistic's standard deviation is π/√3 times its scale.
        double expected = 0.1 * Math.PI / Math.sqrt(3);
        for (double[] rest : List.of(greenLessRed, blue)) {
            double variance = Arrays.stream(rest).map(x -> x * x).sum() / rest.length;
            assertThat(Statistics.mean(rest)).isCloseTo(0, within(4 * expected / Math.sqrt(2000)));
            assertThat(Math.sqrt(variance) / expected).isCloseTo(1, within(0.1));
        }
    }

    @Test
    void otherParametersAreRefused() {
        Family<Likelihood> family = Family.of(Likelihood.class);
        assertThatThrownBy(() -> family.parse("logistic-mixture:components=0"))
                .isInstanceOf(InputException.class)
                .hasMessage("logistic-mixture:components=0: components 0: expected from 1 to 100");
        assertThatThrownBy(() -> family.parse("logistic-mixture:component=3"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("did you mean 'components'");
        assertThatThrownBy(() -> family.parse("logistic:components=3"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("logistic has no parameter 'components'");
    }

    /** A file whose metadata ask for more channels than there can be is refused by its name. */
    @Test
    void tooManyChannelsAreRefused() {
        VaeArchitecture small = new VaeArchitecture(
                2,
                new MlpVae(2, 1),
                new ImageShape(3, 8, 8),
                new LogisticMixture(),
                new StandardNormal.Choice(),
                new DiagonalGaussian.Choice(),
                0);
        Vae vae = closing(small.create(init(DType.FLOAT32, 1)));
        Map<String, String> metadata = small.metadata();
        metadata.put("image", "99999x8x8");
        assertThatThrownBy(() -> VaeArchitecture.describedBy(Weights.of(vae.state(), metadata), Path.of("some.file")))
                .isInstanceOf(InputException.class)
                .hasMessage("some.file: images of 99999 channels: the likelihood logistic-mixture takes at most 64");
        metadata.put("image", "3x8x8");
        metadata.put("components", "6");
        assertThatThrownBy(() -> VaeArchitecture.describedBy(Weights.of(vae.state(), metadata), Path.of("some.file")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("decoder.net");
    }
}
