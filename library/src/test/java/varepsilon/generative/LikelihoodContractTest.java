package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.data.ImageShape;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/** What every likelihood keeps. */
class LikelihoodContractTest extends GenerativeTest {
    private static final Family<Likelihood> FAMILY = Family.of(Likelihood.class);
    private static final List<String> DENSITIES = List.of("gaussian:std=0.2", "gaussian-learned:min-std=0.05");
    private static final List<String> OF_ANY_LEVELS =
            List.of("categorical", "logistic", "logistic-mixture:components=3", "beta-binomial");

    /** Likelihoods of all bit depths. */
    static List<String> ofLevels() {
        List<String> texts = new ArrayList<>(List.of("bernoulli"));
        for (int bits = 1; bits <= 8; bits++) {
            texts.addAll(ofLevels(1 << bits));
        }
        return texts;
    }

    private static List<String> ofLevels(int levels) {
        return OF_ANY_LEVELS.stream().map(text -> text + ":levels=" + levels).toList();
    }

    /** Likelihoods whose images of three channels can be enumerated. */
    static List<String> ofFewLevels() {
        return Stream.of(List.of("bernoulli"), ofLevels(2), ofLevels(4))
                .flatMap(List::stream)
                .toList();
    }

    static List<String> all() {
        return Stream.of(List.of("bernoulli"), ofLevels(2), ofLevels(16), ofLevels(256), DENSITIES)
                .flatMap(List::stream)
                .toList();
    }

    private static int levels(Likelihood likelihood) {
        return likelihood instanceof Bernoulli
                ? 2
                : (int) FAMILY.memberOf(likelihood)
                        .orElseThrow()
                        .values(likelihood)
                        .get("levels");
    }

    private static Tensor exampleTarget(Likelihood likelihood, long... shape) {
        byte[] bytes = new byte[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 67 + 11);
        }
        return likelihood.target(Tensor.of(bytes, shape));
    }

    /** Outputs of moderate size for images of 2×3 pixels. */
    private Tensor exampleOutput(Likelihood likelihood, DType dtype, int n, int channels) {
        return rng(5).normal(dtype, n, likelihood.outputChannels(channels), 2, 3);
    }

    @Test
    void everyLikelihoodIsHere() {
        List<String> names = Stream.concat(ofLevels().stream(), DENSITIES.stream())
                .map(text -> text.replaceFirst(":.*", ""))
                .distinct()
                .toList();
        assertThat(names).containsExactlyInAnyOrderElementsOf(FAMILY.names());
    }

    @ParameterizedTest
    @MethodSource("ofLevels")
    void theLevelsOfEachPixelHaveAMassOfOne(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        for (int channels : new int[] {1, 3}) {
            Tensor target = exampleTarget(likelihood, 2, channels, 2, 3);
            Tensor output = exampleOutput(likelihood, DType.FLOAT64, 2, channels);
            for (int channel = 0; channel < channels; channel++) {
                Tensor log = likelihood.levelLogProbabilities(output, target, channel);
                assertThat(log.shape()).containsExactly(2, levels(likelihood), 2, 3);
                assertThat(log.logSumExp(1).abs().amax(0, 1, 2).item()).isLessThan(1e-9);
                Tensor single = likelihood.levelLogProbabilities(output.to(DType.FLOAT32), target, channel);
                assertThat(single.dtype()).isEqualTo(DType.FLOAT32);
                assertThat(single.logSumExp(1).abs().amax(0, 1, 2).item()).isLessThan(3e-6);
            }
        }
    }

    /** Channel by channel, the levels that an image has give its probability, whatever its later channels are. */
    @ParameterizedTest
    @MethodSource("ofLevels")
    void theLevelsOfAnImageGiveItsProbability(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        for (DType dtype : List.of(DType.FLOAT64, DType.FLOAT32)) {
            for (int channels : new int[] {1, 3}) {
                Tensor target = exampleTarget(likelihood, 2, channels, 2, 3);
                Tensor output = exampleOutput(likelihood, dtype, 2, channels);
                Tensor known = target.zerosLike().to(DType.INT64);
                Tensor sum = Tensor.zeros(dtype, 2);
                for (int channel = 0; channel < channels; channel++) {
                    Tensor log = likelihood.levelLogProbabilities(output, known, channel);
                    Tensor levels = target.narrow(1, channel, 1).to(DType.INT64);
                    known.narrow(1, channel, 1).copyInPlace(levels);
                    sum = sum.add(log.gather(1, levels).flatten(1).sum(1));
                    assertThat(likelihood
                                    .levelLogProbabilities(output, target, channel)
                                    .toDoubles())
                            .as("the same bits with all channels known")
                            .containsExactly(log.toDoubles());
                }
                double[] expected = likelihood.logProbability(output, target).toDoubles();
                for (int i = 0; i < 2; i++) {
                    double tolerance = (dtype == DType.FLOAT64 ? 1e-9 : 1e-5) * (1 + Math.abs(expected[i]));
                    assertThat(sum.toDoubles()[i]).isCloseTo(expected[i], within(tolerance));
                }
            }
        }
    }

    /** Every image of one pixel of three channels, N×3×1×1, the last channel fastest. */
    private static Tensor everyColour(int levels) {
        long[] colours = new long[3 * levels * levels * levels];
        for (int i = 0; i < colours.length; i++) {
            int colour = i / 3;
            colours[i] =
                    i % 3 == 0 ? colour / levels / levels : i % 3 == 1 ? colour / levels % levels : colour % levels;
        }
        return Tensor.of(colours, colours.length / 3, 3, 1, 1);
    }

    private static double[] probabilitiesOfColours(Likelihood likelihood, Tensor output, int levels) {
        Tensor colours = everyColour(levels);
        Tensor target = likelihood instanceof Bernoulli ? colours.to(DType.FLOAT64) : colours;
        return likelihood
                .logProbability(output.expand(colours.size(0), output.size(1), 1, 1), target)
                .exp()
                .toDoubles();
    }

    /** The conditional probabilities against those that the joint ones of all colours give. */
    @ParameterizedTest
    @MethodSource("ofFewLevels")
    void theColoursHaveAMassOfOneAndGiveTheProbabilitiesOfLevels(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        int levels = levels(likelihood);
        Tensor output = rng(5).normal(DType.FLOAT64, 1, likelihood.outputChannels(3), 1, 1);
        double[] joint = probabilitiesOfColours(likelihood, output, levels);
        assertThat(Arrays.stream(joint).sum()).isCloseTo(1, within(1e-9));
        int beyond = levels * levels;
        for (int colour = 0; colour < joint.length; colour++) {
            int[] level = {colour / beyond, colour / levels % levels, colour % levels};
            double first = sum(joint, level[0] * beyond, beyond);
            double firstTwo = sum(joint, colour - level[2], levels);
            double[] expected = {first, firstTwo / first, joint[colour] / firstTwo};
            Tensor known = Tensor.of(new long[] {level[0], level[1], level[2]}, 1, 3, 1, 1);
            for (int channel = 0; channel < 3; channel++) {
                double[] log =
                        likelihood.levelLogProbabilities(output, known, channel).toDoubles();
                assertThat(Math.exp(log[level[channel]])).isCloseTo(expected[channel], within(1e-9));
            }
        }
    }

    private static double sum(double[] values, int from, int count) {
        return Arrays.stream(values, from, from + count).sum();
    }

    @ParameterizedTest
    @MethodSource("ofFewLevels")
    void sampledColoursHaveTheirProbabilities(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        int levels = levels(likelihood);
        int n = 30_000;
        Tensor output = rng(5).normal(DType.FLOAT64, 1, likelihood.outputChannels(3), 1, 1);
        double[] probabilities = probabilitiesOfColours(likelihood, output, levels);
        Tensor samples = likelihood.sample(output.expand(n, output.size(1), 1, 1), rng(8));
        float[] values = samples.toFloats();
        long[] counts = new long[probabilities.length];
        for (int i = 0; i < n; i++) {
            int colour = 0;
            for (int channel = 0; channel < 3; channel++) {
                float level = values[3 * i + channel] * (levels - 1);
                assertThat(level).isCloseTo(Math.round(level), within(1e-4f));
                colour = colour * levels + Math.round(level);
            }
            counts[colour]++;
        }
        assertThat(Statistics.chiSquareOverLimitOfLikely(counts, probabilities)).isLessThan(1);
    }

    /** Pixels are drawn apart: two of equal outputs, of 2×2 levels. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "bernoulli",
                "categorical:levels=2",
                "logistic:levels=2",
                "logistic-mixture:levels=2",
                "beta-binomial:levels=2"
            })
    void pixelsAreDrawnIndependently(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        int n = 20_000;
        Tensor output = rng(6).normal(DType.FLOAT64, 1, likelihood.outputChannels(1), 1, 1);
        double white = Math.exp(likelihood.levelLogProbabilities(output, Tensor.zeros(DType.INT64, 1, 1, 1, 1), 0)
                .toDoubles()[1]);
        float[] values = likelihood
                .sample(output.expand(n, output.size(1), 1, 2), rng(8))
                .toFloats();
        long[] counts = new long[4];
        for (int i = 0; i < n; i++) {
            counts[2 * (int) values[2 * i] + (int) values[2 * i + 1]]++;
        }
        double black = 1 - white;
        assertThat(Statistics.chiSquareOverLimit(
                        counts, new double[] {black * black, black * white, white * black, white * white}))
                .isLessThan(1);
    }

    @ParameterizedTest
    @MethodSource("ofLevels")
    void modeAndMeanOfOneChannelAreThoseOfTheLevels(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        int levels = levels(likelihood);
        Tensor output = exampleOutput(likelihood, DType.FLOAT64, 3, 1);
        double[] log = likelihood
                .levelLogProbabilities(output, Tensor.zeros(DType.INT64, 3, 1, 2, 3), 0)
                .toDoubles();
        double[] mode = likelihood.mode(output).toDoubles();
        double[] mean = likelihood.mean(output).toDoubles();
        for (int n = 0; n < 3; n++) {
            for (int pixel = 0; pixel < 6; pixel++) {
                double expected = 0;
                double highest = Double.NEGATIVE_INFINITY;
                for (int level = 0; level < levels; level++) {
                    double at = log[(n * levels + level) * 6 + pixel];
                    expected += Math.exp(at) * level / (levels - 1);
                    highest = Math.max(highest, at);
                }
                int i = n * 6 + pixel;
                assertThat(mean[i]).isCloseTo(expected, within(1e-6));
                int found = (int) Math.round(mode[i] * (levels - 1));
                assertThat(log[(n * levels + found) * 6 + pixel]).isEqualTo(highest);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void picturesAreImagesInRange(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        for (int channels : new int[] {1, 3}) {
            Tensor output =
                    exampleOutput(likelihood, DType.FLOAT32, 4, channels).mul(3);
            for (Picture picture : Picture.values()) {
                Tensor images = picture.of(likelihood, output, rng(3));
                assertThat(images.dtype()).isEqualTo(DType.FLOAT32);
                assertThat(images.shape()).containsExactly(4, channels, 2, 3);
                for (float value : images.toFloats()) {
                    assertThat(value).isBetween(0f, 1f);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void theEncoderSeesTheImageBetweenMinusOneAndOne(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        Tensor images = Tensor.of(new byte[] {0, 100, (byte) 200, (byte) 255}, 1, 1, 2, 2);
        Tensor input = likelihood.encoderInput(likelihood.target(images));
        assertThat(input.dtype()).isEqualTo(DType.FLOAT32);
        float[] values = input.toFloats();
        assertThat(values[0]).isEqualTo(-1);
        assertThat(values[3]).isCloseTo(1, within(2e-7f));
        assertThat(values).isSorted();
    }

    @ParameterizedTest
    @MethodSource("all")
    void gradientsAreTheDifferences(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        for (int channels : new int[] {1, 3}) {
            Tensor target = exampleTarget(likelihood, 1, channels, 2, 3);
            Tensor output = exampleOutput(likelihood, DType.FLOAT64, 1, channels);
            double[] values = output.toDoubles();
            double[] gradient = gradient(likelihood, output, target).toDoubles();
            double step = 1e-5;
            // Every seventh output: all pixels, and all kinds of outputs.
            for (int i = 0; i < values.length; i += 7) {
                double[] moved = values.clone();
                moved[i] = values[i] + step;
                double high = likelihood
                        .logProbability(Tensor.of(moved, output.shape()), target)
                        .item();
                moved[i] = values[i] - step;
                double low = likelihood
                        .logProbability(Tensor.of(moved, output.shape()), target)
                        .item();
                double difference = (high - low) / (2 * step);
                assertThat(gradient[i])
                        .as("output %d of %d channels", i, channels)
                        .isCloseTo(difference, within(1e-5 * (1 + Math.abs(difference))));
            }
        }
    }

    private static Tensor gradient(Likelihood likelihood, Tensor output, Tensor target) {
        Tensor leaf = output.detach().requiresGrad(true);
        return Gradients.of(likelihood.logProbability(leaf, target).sum(), leaf);
    }

    /** Outputs of all sizes in all combinations, for the first level, the last and one between. */
    @ParameterizedTest
    @MethodSource("all")
    void extremeOutputsGiveFiniteNumbers(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        double[] sizes = {0, 1, -1, 9.2, -9.2, 40, -40, 100, -100, 1e4, -1e4};
        int n = 400;
        int outputs = likelihood.outputChannels(3);
        float[] drawn = rng(4).uniform(n, outputs, 1, 3).toFloats();
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = (float) sizes[(int) (drawn[i] * sizes.length)];
        }
        Tensor output = Tensor.of(drawn, n, outputs, 1, 3);
        byte[] greys = new byte[9 * n];
        for (int i = 0; i < greys.length; i++) {
            greys[i] = new byte[] {0, (byte) 255, 120}[(i + i / 3) % 3];
        }
        Tensor target = likelihood.target(Tensor.of(greys, n, 3, 1, 3));
        assertThat(likelihood.logProbability(output, target).isFinite()).isTrue();
        assertThat(gradient(likelihood, output, target).isFinite()).isTrue();
        for (Picture picture : Picture.values()) {
            assertThat(picture.of(likelihood, output, rng(2)).isFinite()).isTrue();
        }
        if (!likelihood.isDensity()) {
            for (int channel = 0; channel < 3; channel++) {
                Tensor log = likelihood.levelLogProbabilities(output, target, channel);
                assertThat(log.isFinite()).isTrue();
                assertThat(log.to(DType.FLOAT64)
                                .exp()
                                .sum(1)
                                .sub(1)
                                .abs()
                                .amax(0, 1, 2)
                                .item())
                        .isLessThan(1e-5);
            }
        }
    }

    /** By Gibbs' inequality no distribution has fewer bits than the data of all levels; a zero network has few more. */
    @ParameterizedTest
    @MethodSource("ofLevels")
    void aNetworkOfZerosKnowsLittle(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        byte[] bytes = new byte[256];
        for (int i = 0; i < 256; i++) {
            bytes[i] = (byte) i;
        }
        Tensor target = likelihood.target(Tensor.of(bytes, 1, 1, 16, 16));
        Tensor zeros = Tensor.zeros(DType.FLOAT64, 1, likelihood.outputChannels(1), 16, 16);
        double bits = -likelihood.logProbability(zeros, target).item() / 256 / Math.log(2);
        double knowingNothing = Math.log(levels(likelihood)) / Math.log(2);
        assertThat(bits).isBetween(knowingNothing - 1e-9, knowingNothing + 1.2);
        assertThat(likelihood.mean(zeros).toDoubles()).containsOnly(new double[] {0.5}, within(1e-6));
    }

    @ParameterizedTest
    @MethodSource("all")
    void itsModelComesBackFromTheMetadata(String text) {
        VaeArchitecture written = new VaeArchitecture(
                3,
                new MlpVae(4, 1),
                new ImageShape(3, 8, 9),
                FAMILY.parse(text),
                new StandardNormal.Choice(),
                new DiagonalGaussian.Choice(),
                0);
        Vae vae = closing(written.create(init(DType.FLOAT32, 1)));
        Weights weights = Weights.of(vae.state(), written.metadata());
        assertThat(VaeArchitecture.describedBy(weights, Path.of("some"))).isEqualTo(written);
        Tensor images = Tensor.of(rng(3).uniform(2, 3, 8, 9).mul(256).toBytes(), 2, 3, 8, 9);
        double[] bound = vae.elbo(vae.target(images), rng(7)).value().toDoubles();
        Vae read = closing(written.create(init(DType.FLOAT32, 2)));
        read.load(weights);
        assertThat(read.elbo(read.target(images), rng(7)).value().toDoubles()).containsExactly(bound);
        assertThat(Arrays.stream(bound).allMatch(Double::isFinite)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gaussian", "gaussian-learned"})
    void densitiesHaveNoLevels(String text) {
        Likelihood likelihood = FAMILY.parse(text);
        Tensor output = exampleOutput(likelihood, DType.FLOAT32, 1, 1);
        assertThat(likelihood.bpdUnit()).isEqualTo("bits per dimension (density)");
        assertThatThrownBy(() -> likelihood.levelLogProbabilities(output, output, 0))
                .isInstanceOf(InputException.class)
                .hasMessage("the likelihood " + text
                        + " is a density over real numbers; expected one over levels, such as categorical");
    }

    @ParameterizedTest
    @ValueSource(strings = {"categorical", "logistic", "logistic-mixture", "beta-binomial"})
    void otherNumbersOfLevelsAreRefused(String name) {
        for (int levels : new int[] {-16, 0, 1, 3, 17, 512}) {
            assertThatThrownBy(() -> FAMILY.parse(name + ":levels=" + levels))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("levels " + levels + ": expected a power of two from 2 to 256");
        }
    }
}
