package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.data.ImageShape;
import varepsilon.nn.Module;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

class PixelCnnTest extends GenerativeTest {
    private static final int FEATURES = 4;

    /** p(x|z) of n images, by networks whose parameters are random. */
    private ImageDistribution distribution(
            PixelCnn.Choice choice, Likelihood likelihood, int n, int channels, int height, int width) {
        PixelDecoder decoder = choice.create(channels, likelihood.outputChannels(channels), init(DType.FLOAT64, 3));
        closing((Module) decoder);
        return decoder.distribution(
                likelihood,
                rng(4).normal(DType.FLOAT64, n, choice.features(), height, width)
                        .mul(2));
    }

    /** Every pixel's output has a gradient in the pixels before it that its convolutions reach, and in no other. */
    @ParameterizedTest
    @CsvSource({"3,0", "5,0", "3,1", "5,2", "7,1"})
    void aPixelDependsOnThoseBeforeIt(int kernel, int layers) {
        int height = 5;
        int width = 6;
        ImageDistribution p =
                distribution(new PixelCnn.Choice(FEATURES, kernel, layers), new Categorical(4), 1, 2, height, width);
        Tensor pixels = rng(1).normal(DType.FLOAT64, 1, 2, height, width).requiresGrad(true);
        for (ImageDistribution.Part part : p.parts()) {
            int place = part.row() * width + part.column();
            double[] gradient = Gradients.of(part.of(p.output(pixels)).square().sum(), pixels)
                    .abs()
                    .sum(1L)
                    .toDoubles();
            for (int other = 0; other < gradient.length; other++) {
                int rows = part.row() - other / width;
                int columns = Math.abs(part.column() - other % width);
                if (other >= place || Math.max(rows, columns) > kernel / 2 + layers) {
                    assertThat(gradient[other])
                            .as("pixel %d from %d", place, other)
                            .isZero();
                } else if (Math.max(rows, columns) <= kernel / 2) {
                    assertThat(gradient[other])
                            .as("pixel %d from %d", place, other)
                            .isPositive();
                }
            }
        }
    }

    /** One pixel after the other, from what is known so far, as all at once. */
    @ParameterizedTest
    @CsvSource({"3,0", "5,1", "7,3", "15,2"})
    void theOutputOfAPartIsThatOfTheWhole(int kernel, int layers) {
        ImageDistribution p =
                distribution(new PixelCnn.Choice(FEATURES, kernel, layers), new LogisticMixture(16, 2), 2, 3, 7, 9);
        Tensor pixels = rng(1).normal(DType.FLOAT64, 2, 3, 7, 9);
        Tensor whole = p.output(pixels);
        Tensor known = pixels.zerosLike();
        for (ImageDistribution.Part part : p.parts()) {
            assertThat(p.output(known, part).toDoubles())
                    .containsExactly(part.of(whole).toDoubles(), within(1e-12));
            part.of(known).copyInPlace(part.of(pixels));
        }
        assertThat(known.toDoubles()).containsExactly(pixels.toDoubles());
    }

    /** The probabilities of all 64 images of 2×3 black or white pixels sum to 1, and samples have them. */
    @Test
    void samplesHaveTheProbabilities() {
        int n = 20_000;
        PixelCnn.Choice choice = new PixelCnn.Choice(FEATURES, 3, 1);
        PixelDecoder decoder = choice.create(1, 1, init(DType.FLOAT64, 3));
        closing((Module) decoder);
        try (var scope = Scope.withoutGradients()) {
            ((Module) decoder).parameters().values().forEach(p -> p.mulInPlace(2));
            Tensor features = rng(4).normal(DType.FLOAT64, 1, FEATURES, 2, 3);
            float[] bits = new float[64 * 6];
            for (int i = 0; i < bits.length; i++) {
                bits[i] = i / 6 >> i % 6 & 1;
            }
            double[] probabilities = decoder.distribution(new Bernoulli(), features.expand(64, FEATURES, 2, 3))
                    .logProbability(Tensor.of(bits, 64, 1, 2, 3).to(DType.FLOAT64))
                    .exp()
                    .toDoubles();
            double sum = 0;
            for (double probability : probabilities) {
                sum += probability;
            }
            assertThat(sum).isCloseTo(1, within(1e-12));
            float[] drawn = decoder.distribution(new Bernoulli(), features.expand(n, FEATURES, 2, 3))
                    .image(Picture.SAMPLE, rng(5))
                    .toFloats();
            int[] counts = new int[64];
            for (int i = 0; i < n; i++) {
                int number = 0;
                for (int bit = 0; bit < 6; bit++) {
                    number += (int) drawn[6 * i + bit] << bit;
                }
                counts[number]++;
            }
            double chiSquare = 0;
            for (int i = 0; i < 64; i++) {
                double expected = n * probabilities[i];
                chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
            }
            // 63 degrees of freedom: above 120 with probability 2e-5. The square of a wrong order is far above.
            assertThat(chiSquare).isLessThan(120);
        }
    }

    /** What each picture shows is what its definition says, step by step. */
    @Test
    void picturesAreTakenPixelByPixel() {
        ImageDistribution p = distribution(new PixelCnn.Choice(FEATURES, 3, 1), new Categorical(4), 3, 1, 3, 4);
        Tensor greedy = p.image(Picture.ARGMAX, null).to(DType.FLOAT64);
        Tensor output = p.output(greedy.mul(2).sub(1));
        assertThat(p.likelihood().mode(output).toDoubles()).containsExactly(greedy.toDoubles(), within(1e-6));

        Tensor drawn = p.image(Picture.SAMPLE, rng(6)).to(DType.FLOAT64);
        Tensor expected = p.likelihood().mean(p.output(drawn.mul(2).sub(1)));
        assertThat(p.image(Picture.MEAN, rng(6)).toDoubles()).containsExactly(expected.toDoubles(), within(1e-6));
    }

    private static VaeArchitecture architecture(VaeNetwork network, Likelihood likelihood, ImageShape image) {
        return new VaeArchitecture(
                3,
                network,
                image,
                likelihood,
                new PixelCnn.Choice(FEATURES, 5, 1),
                new StandardNormal.Choice(),
                new DiagonalGaussian.Choice(),
                0);
    }

    @Test
    void aModelComesBackFromItsFile() {
        for (VaeArchitecture written : List.of(
                architecture(new ConvVae(3), new Categorical(4), new ImageShape(1, 28, 28)),
                architecture(new MlpVae(5, 1), new LogisticMixture(), new ImageShape(3, 8, 9)),
                architecture(new ResidualVae(3, 1), new Bernoulli(), new ImageShape(1, 9, 8)))) {
            Vae vae = closing(written.create(init(DType.FLOAT32, 1)));
            assertThat(vae.hasIndependentPixels()).isFalse();
            assertThat(VaeArchitecture.describedBy(Weights.of(vae.state(), written.metadata()), Path.of("some")))
                    .isEqualTo(written);
            Map<String, String> other = written.metadata();
            other.put("decoder", "pixel-cnn:features=4:kernel=7:layers=1");
            assertThatThrownBy(() -> VaeArchitecture.describedBy(Weights.of(vae.state(), other), Path.of("some")))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("pixels.first.weight");
        }
    }

    @Test
    void theBoundsGradientReachesEveryParameter() {
        Vae vae = closing(architecture(new MlpVae(5, 1), new Categorical(4), new ImageShape(1, 8, 8))
                .create(init(DType.FLOAT64, 1)));
        Tensor target = vae.target(Tensor.of(new byte[2 * 64], 2, 1, 8, 8));
        Tensor loss = vae.elbo(target, rng(6)).value().sum();
        List<Tensor> gradients = Gradients.of(loss, List.copyOf(vae.parameters().values()));
        int i = 0;
        for (String name : vae.parameters().keySet()) {
            assertThat(gradients.get(i++).abs().sum().item()).as(name).isPositive();
        }
    }

    @Test
    void anEvenKernelIsRefused() {
        assertThatThrownBy(() -> Family.of(DecoderChoice.class).parse("pixel-cnn:kernel=4"))
                .isInstanceOf(InputException.class)
                .hasMessage("pixel-cnn:kernel=4: kernel 4: expected an odd number");
    }
}
