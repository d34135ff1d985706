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
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.tensor.DType;
import varepsilon.tensor.InputException;
import varepsilon.tensor.Tensor;

class ConvVaeTest extends ScopedTest {
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
        Vae vae = closing(new ConvVae(latentDim, filters, 1, new Categorical(16)).create(init(DType.FLOAT32, 1)));
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

    @Test
    void namesAndShapesAreThoseOfAPyTorchSequential() {
        Vae vae = closing(new ConvVae(20, 32, 1, new Categorical(16)).create(init(DType.FLOAT32, 1)));
        List<String> found = new ArrayList<>();
        vae.state().forEach((name, tensor) -> found.add(name + " " + Arrays.toString(tensor.shape())));
        assertThat(found)
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
        Vae vae = zeros(new ConvVae(5, 2, channels, new Categorical(levels)), DType.FLOAT64);
        Tensor target = vae.target(randomImages(3, channels));
        checkZeroParameters(vae, target, channels * SIDE * SIDE, bits, 1e-12);
    }

    @Test
    void zeroParametersScoreFourBitsOnDrawnDigitsAndWholeBlackAndWhite() {
        Vae vae = zeros(new ConvVae(20, 32, 1, new Categorical(16)), DType.FLOAT32);
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
        Vae vae = zeros(new ConvVae(5, 2, 1, new Bernoulli()), DType.FLOAT64);
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
            Vae vae = closing(new ConvVae(2, 1, 3, likelihood).create(init(DType.FLOAT32, 1)));
            Tensor images = randomImages(2, 3);
            Tensor output = vae.decode(Tensor.zeros(DType.FLOAT32, 2, 2));
            assertThat(output.shape()).containsExactly(2, 3L * likelihood.channelsPerPixel(), SIDE, SIDE);
            assertThat(vae.posterior(vae.target(images)).logStd().shape()).containsExactly(2, 2);
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
    @CsvSource({"0, 32, 1", "20, 0, 1", "20, 32, 0", "-1, 32, 1"})
    void sizesBelowOneAreRefused(int latentDim, int filters, int channels) {
        assertThatThrownBy(() -> new ConvVae(latentDim, filters, channels, new Categorical(16)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("latent dimension " + latentDim)
                .hasMessageContaining(filters + " filters");
    }
}
