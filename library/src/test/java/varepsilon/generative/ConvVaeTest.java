package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.InputException;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.data.ImageShape;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Tensor;

class ConvVaeTest extends GenerativeTest {
    private static final long SIDE = ConvVae.SIDE;

    private static Tensor glyphs(int n) {
        ImageSet set = Glyphs.draw("glyphs", n, 5);
        byte[] pixels = new byte[n * set.dimensions()];
        for (int i = 0; i < n; i++) {
            System.arraycopy(set.image(i), 0, pixels, i * set.dimensions(), set.dimensions());
        }
        return Tensor.of(pixels, n, 1, SIDE, SIDE);
    }

    private Tensor randomImages(int n, int channels) {
        byte[] pixels = rng(9).uniform(n, channels, SIDE, SIDE).mul(256).toBytes();
        return Tensor.of(pixels, n, channels, SIDE, SIDE);
    }

    @ParameterizedTest
    @CsvSource({"20, 32, 270616", "2, 32, 215284", "3, 2, 1788"})
    void numberOfParameters(int latentDim, int filters, long expected) {
        Vae vae = closing(
                VaeArchitecture.conv(latentDim, filters, 1, new Categorical(16)).create(init(DType.FLOAT32, 1)));
        assertThat(vae.parameterCount()).isEqualTo(expected);
        // Counted by hand from the layers: convolutions and transposed ones, then the linear layers.
        long f = filters;
        long convolutions = 9 * (f + f * f + 2 * f * f + 4 * f * f + 4 * f * f)
                + f
                + f
                + 3 * 2 * f
                + 9 * (4 * f * f + 4 * f * f + 2 * f * f + f * f + 16 * f)
                + 2 * 2 * f
                + 2 * f
                + 16;
        long linear = 32 * f * 2 * latentDim + 2L * latentDim + 32 * f * latentDim + 32 * f;
        assertThat(expected).isEqualTo(convolutions + linear);
    }

    private List<String> shapes(VaeArchitecture size) {
        List<String> found = new ArrayList<>();
        closing(size.create(init(DType.FLOAT32, 1)))
                .state()
                .forEach((name, tensor) -> found.add(name + " " + Arrays.toString(tensor.shape())));
        return found;
    }

    @Test
    void namesAndShapesAreThoseOfAPyTorchSequential() {
        assertThat(shapes(VaeArchitecture.conv(20, 32, 1, new Categorical(16))))
                .containsExactly(
                        "encoder.net.0.weight [32, 1, 3, 3]",
                        "encoder.net.0.bias [32]",
                        "encoder.net.2.weight [32, 32, 3, 3]",
                        "encoder.net.2.bias [32]",
                        "encoder.net.4.weight [64, 32, 3, 3]",
                        "encoder.net.4.bias [64]",
                        "encoder.net.6.weight [64, 64, 3, 3]",
                        "encoder.net.6.bias [64]",
                        "encoder.net.8.weight [64, 64, 3, 3]",
                        "encoder.net.8.bias [64]",
                        "encoder.net.11.weight [40, 1024]",
                        "encoder.net.11.bias [40]",
                        "decoder.linear.0.weight [1024, 20]",
                        "decoder.linear.0.bias [1024]",
                        "decoder.net.0.weight [64, 64, 3, 3]",
                        "decoder.net.0.bias [64]",
                        "decoder.net.2.weight [64, 64, 3, 3]",
                        "decoder.net.2.bias [64]",
                        "decoder.net.4.weight [64, 32, 3, 3]",
                        "decoder.net.4.bias [32]",
                        "decoder.net.6.weight [32, 32, 3, 3]",
                        "decoder.net.6.bias [32]",
                        "decoder.net.8.weight [32, 16, 3, 3]",
                        "decoder.net.8.bias [16]");
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 1", "1, 16, 4", "3, 16, 4", "1, 256, 8", "3, 4, 2"})
    void zeroParametersScoreTheLogarithmOfTheLevels(int channels, int levels, double bits) {
        Vae vae = zeros(VaeArchitecture.conv(5, 2, channels, new Categorical(levels)), DType.FLOAT64);
        Tensor target = vae.target(randomImages(3, channels));
        checkZeroParameters(vae, target, channels * SIDE * SIDE, bits, 1e-12);
    }

    @Test
    void zeroParametersScoreFourBitsOnDrawnDigitsAndWholeBlackAndWhite() {
        Vae vae = zeros(VaeArchitecture.conv(20, 32, 1, new Categorical(16)), DType.FLOAT32);
        for (Tensor images : List.of(
                glyphs(7),
                Tensor.zeros(DType.UINT8, 2, 1, SIDE, SIDE),
                Tensor.full(255, DType.UINT8, 1, 1, SIDE, SIDE))) {
            // Single precision: 784 terms of log 16 are added.
            checkZeroParameters(vae, vae.target(images), SIDE * SIDE, 4, 4e-6);
        }
    }

    @Test
    void zeroParametersScoreOneBitWithBernoulli() {
        Vae vae = zeros(VaeArchitecture.conv(5, 2, 1, new Bernoulli()), DType.FLOAT64);
        checkZeroParameters(vae, vae.target(glyphs(3)), SIDE * SIDE, 1, 1e-12);
    }

    /** Posterior and prior are equal there, so the divergence is 0 and every importance weight is p(x|z). */
    private void checkZeroParameters(Vae vae, Tensor target, long dimensions, double bits, double tolerance) {
        Elbo elbo = vae.elbo(target, rng(2));
        assertThat(elbo.kl().toDoubles()).containsOnly(0);
        for (double bpd : elbo.bitsPerDimension(dimensions).toDoubles()) {
            assertThat(bpd).isCloseTo(bits, within(tolerance));
        }
        double[] bound =
                ImportanceWeightedBound.logLikelihood(vae, target, 5, 2, rng(3)).toDoubles();
        assertThat(bound).hasSize((int) target.size(0));
        for (double nats : bound) {
            assertThat(-nats / (dimensions * Math.log(2))).isCloseTo(bits, within(tolerance));
        }
    }

    @Test
    void theLikelihoodSaysHowManyChannelsTheDecoderPutsOut() {
        for (Likelihood likelihood : List.of(new Categorical(4), new Bernoulli(), new Gaussian(0.2))) {
            Vae vae = closing(VaeArchitecture.conv(2, 1, 3, likelihood).create(init(DType.FLOAT32, 1)));
            Tensor images = randomImages(2, 3);
            Tensor output = ((IndependentPixels) vae.decode(Tensor.zeros(DType.FLOAT32, 2, 2))).output();
            assertThat(output.shape()).containsExactly(2, likelihood.outputChannels(3), SIDE, SIDE);
            assertThat(vae.posterior(vae.target(images)).mean().shape()).containsExactly(2, 2);
            for (Picture picture : Picture.values()) {
                Tensor shown = vae.reconstruct(images, picture, rng(1));
                assertThat(shown.shape()).containsExactly(2, 3, SIDE, SIDE);
                for (float value : shown.toFloats()) {
                    assertThat(value).isBetween(0f, 1f);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 32", "20, 0", "-1, 32"})
    void sizesBelowOneAreRefused(int latentDim, int filters) {
        assertThatThrownBy(() -> VaeArchitecture.conv(latentDim, filters, 1, new Categorical(16)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(filters < 1 ? "filters " + filters : "latent dimension " + latentDim);
    }

    /** Sides that end in grids of 4, 3, 2 and 1, after one to four convolutions of stride 2; also sides that differ. */
    @ParameterizedTest
    @CsvSource({
        "1, 8, 8",
        "3, 8, 8",
        "1, 12, 12",
        "1, 16, 16",
        "3, 16, 16",
        "1, 20, 20",
        "1, 24, 24",
        "3, 24, 24",
        "1, 28, 28",
        "3, 32, 32",
        "1, 44, 44",
        "1, 64, 64",
        "3, 64, 64",
        "1, 28, 32",
        "3, 32, 28",
        "1, 8, 64",
        "1, 9, 9",
        "3, 13, 29",
        "1, 31, 17",
        "1, 33, 65",
        "3, 8, 37",
        "3, 128, 128",
        "1, 256, 100",
        "3, 64, 20"
    })
    void imagesOfEverySizeComeBackAtTheirSizeAndScoreFourBitsAtZero(int channels, int height, int width) {
        ImageShape image = new ImageShape(channels, height, width);
        Vae vae = zeros(VaeArchitecture.conv(3, 2, image, new Categorical(16)), DType.FLOAT64);
        byte[] pixels = rng(9).uniform(2, channels, height, width).mul(256).toBytes();
        Tensor images = Tensor.of(pixels, 2, channels, height, width);
        checkZeroParameters(vae, vae.target(images), (long) channels * height * width, 4, 1e-12);
        assertThat(((IndependentPixels) vae.decode(Tensor.zeros(DType.FLOAT64, 1, 3)))
                        .output()
                        .shape())
                .containsExactly(1, 16L * channels, height, width);
        for (Picture picture : Picture.values()) {
            assertThat(vae.reconstruct(images, picture, rng(1)).shape()).containsExactly(2, channels, height, width);
        }
    }

    @Test
    void everyNumberOfTheModelIsUsedAtEverySize() {
        for (ImageShape image : List.of(
                new ImageShape(3, 8, 8),
                new ImageShape(1, 12, 20),
                new ImageShape(3, 32, 32),
                new ImageShape(1, 64, 64),
                new ImageShape(3, 11, 35))) {
            Vae vae = closing(
                    VaeArchitecture.conv(2, 2, image, new Categorical(4)).create(init(DType.FLOAT64, 3)));
            long[] shape = {2, image.channels(), image.height(), image.width()};
            Tensor target = vae.target(Tensor.of(rng(5).uniform(shape).mul(256).toBytes(), shape));
            List<Tensor> parameters = List.copyOf(vae.parameters().values());
            Tensor loss = vae.elbo(target, rng(6)).value().sum();
            for (Tensor gradient : Gradients.of(loss, parameters)) {
                assertThat(gradient.abs().sum().item())
                        .as(image + ", " + gradient)
                        .isPositive();
            }
        }
    }

    @Test
    void largerAndSmallerImagesHaveMoreAndFewerConvolutionsOfStrideTwo() {
        assertThat(shapes(VaeArchitecture.conv(20, 32, new ImageShape(3, 32, 32), new Categorical(16))))
                .hasSize(24)
                .contains(
                        "encoder.net.0.weight [32, 3, 3, 3]",
                        "encoder.net.11.weight [40, 1024]",
                        "decoder.linear.0.weight [1024, 20]",
                        "decoder.net.8.weight [32, 48, 3, 3]");
        assertThat(shapes(VaeArchitecture.conv(20, 32, new ImageShape(1, 64, 64), new Categorical(16))))
                .hasSize(32)
                .contains(
                        "encoder.net.10.weight [64, 64, 3, 3]",
                        "encoder.net.12.weight [64, 64, 3, 3]",
                        "encoder.net.15.weight [40, 1024]",
                        "decoder.linear.0.weight [1024, 20]",
                        "decoder.net.10.weight [32, 32, 3, 3]",
                        "decoder.net.12.weight [32, 16, 3, 3]");
        assertThat(shapes(VaeArchitecture.conv(5, 32, new ImageShape(1, 16, 12), new Categorical(16))))
                .containsExactly(
                        "encoder.net.0.weight [32, 1, 3, 3]",
                        "encoder.net.0.bias [32]",
                        "encoder.net.2.weight [32, 32, 3, 3]",
                        "encoder.net.2.bias [32]",
                        "encoder.net.4.weight [64, 32, 3, 3]",
                        "encoder.net.4.bias [64]",
                        "encoder.net.7.weight [10, 768]",
                        "encoder.net.7.bias [10]",
                        "decoder.linear.0.weight [768, 5]",
                        "decoder.linear.0.bias [768]",
                        "decoder.net.0.weight [64, 32, 3, 3]",
                        "decoder.net.0.bias [32]",
                        "decoder.net.2.weight [32, 32, 3, 3]",
                        "decoder.net.2.bias [32]",
                        "decoder.net.4.weight [32, 16, 3, 3]",
                        "decoder.net.4.bias [16]");
    }

    @ParameterizedTest
    @CsvSource({"4, 4, 8×8", "257, 257, 256×256", "7, 30, 8×30", "31, 640, 31×256", "1, 1, 8×8"})
    void otherSizesAreRefusedWithThoseThatWork(int height, int width, String advice) {
        assertThatThrownBy(() -> VaeArchitecture.conv(2, 2, new ImageShape(3, height, width), new Categorical(16)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("images of 3×" + height + "×" + width)
                .hasMessageContaining("sides from 8 to 256 pixels")
                .hasMessageContaining("to " + advice);
    }
}
