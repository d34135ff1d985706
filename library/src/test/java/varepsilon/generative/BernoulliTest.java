package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

class BernoulliTest extends GenerativeTest {
    private final Bernoulli likelihood = new Bernoulli();

    @Test
    void bytesFrom128AreWhite() {
        Tensor target = likelihood.target(Tensor.of(new byte[] {0, 127, (byte) 128, (byte) 255}, 1, 1, 2, 2));
        assertThat(target.toFloats()).containsExactly(0, 0, 1, 1);
        assertThat(likelihood.encoderInput(target).toFloats()).containsExactly(-1, -1, 1, 1);
    }

    @Test
    void logProbabilityByHand() {
        double[] logits = {-3, -0.4, 0, 2.5};
        double[] pixels = {1, 0, 1, 0};
        double expected = 0;
        for (int i = 0; i < 4; i++) {
            double white = 1 / (1 + Math.exp(-logits[i]));
            expected += Math.log(pixels[i] == 1 ? white : 1 - white);
        }
        Tensor output = Tensor.of(logits, 1, 1, 2, 2);
        assertThat(likelihood
                        .logProbability(output, Tensor.of(pixels, 1, 1, 2, 2))
                        .toDoubles())
                .containsExactly(new double[] {expected}, within(1e-12));
        assertThat(likelihood.mode(output).toDoubles()).containsExactly(0, 0, 0, 1);
        assertThat(likelihood.mean(output).toDoubles()[1]).isCloseTo(1 / (1 + Math.exp(0.4)), within(1e-12));
    }

    @Test
    void blackAndWhiteAddUpToOne() {
        double[] logits = {-30, -5, -0.1, 0, 3, 19.9, 20.1, 40};
        for (double logit : logits) {
            Tensor output = Tensor.of(new double[] {logit, logit}, 2, 1, 1, 1);
            double[] log = likelihood
                    .logProbability(output, Tensor.of(new double[] {0, 1}, 2, 1, 1, 1))
                    .toDoubles();
            // The engine's softplus is the identity above 20: off by less than e⁻²⁰.
            assertThat(Math.exp(log[0]) + Math.exp(log[1]))
                    .as("logit %s", logit)
                    .isCloseTo(1, within(3e-9));
        }
    }

    @Test
    void largeLogitsDoNotOverflow() {
        Tensor output = Tensor.of(new float[] {3e4f, 3e4f, -3e4f, -3e4f}, 4, 1, 1, 1);
        Tensor target = Tensor.of(new float[] {1, 0, 1, 0}, 4, 1, 1, 1);
        assertThat(likelihood.logProbability(output, target).toDoubles()).containsExactly(0, -3e4, -3e4, 0);
        assertThat(likelihood.sample(output, rng(1)).toFloats()).containsExactly(1, 1, 0, 0);
    }

    @Test
    void samplesHaveTheProbabilitiesAndPixelsAreIndependent() {
        int n = 20_000;
        double[] logits = {-1.2, 0.7};
        Tensor samples = likelihood.sample(Tensor.of(logits, 1, 1, 1, 2).expand(n, 1, 1, 2), rng(8));
        assertThat(samples.dtype()).isEqualTo(DType.FLOAT32);
        float[] values = samples.toFloats();
        long[] counts = new long[4];
        for (int i = 0; i < n; i++) {
            counts[2 * (int) values[2 * i] + (int) values[2 * i + 1]]++;
        }
        double first = 1 / (1 + Math.exp(1.2));
        double second = 1 / (1 + Math.exp(-0.7));
        double[] probabilities = {(1 - first) * (1 - second), (1 - first) * second, first * (1 - second), first * second
        };
        assertThat(Statistics.chiSquareOverLimit(counts, probabilities)).isLessThan(1);
    }

    /** Images of one byte each: white with probability byte/255, fixed by the image, or drawn anew. */
    @Test
    void greyBecomesWhiteWithItsProbability() {
        int n = 4000;
        byte[] greys = {0, 51, (byte) 204, (byte) 255};
        byte[] pixels = new byte[4 * n];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = greys[i % 4];
        }
        Tensor images = Tensor.of(pixels, 1, 4, 1, n).reshape(1, 1, n, 4);
        double[] probabilities = {0, 0.2, 0.8, 1};
        Bernoulli fixed = new Bernoulli("fixed");
        Bernoulli dynamic = new Bernoulli("dynamic");
        for (Tensor drawn : List.of(
                fixed.target(images), fixed.trainingTarget(images, rng(1)), dynamic.trainingTarget(images, rng(2)))) {
            assertThat(drawn.shape()).containsExactly(images.shape());
            double[] white = drawn.squeeze(0).squeeze(0).mean(0).toDoubles();
            for (int i = 0; i < 4; i++) {
                double sigma = Math.sqrt(probabilities[i] * (1 - probabilities[i]) / n);
                assertThat(white[i]).isCloseTo(probabilities[i], within(4 * sigma));
            }
        }
    }

    @Test
    void fixedBinarisationIsTheImagesAloneAndDynamicIsDrawnAnew() {
        Bernoulli fixed = new Bernoulli("fixed");
        Bernoulli dynamic = new Bernoulli("dynamic");
        Tensor images = Tensor.of(rng(3).uniform(3, 1, 9, 9).mul(256).toBytes(), 3, 1, 9, 9);
        float[] whole = fixed.target(images).toFloats();
        for (int i = 0; i < 3; i++) {
            float[] alone = fixed.target(images.narrow(0, i, 1)).toFloats();
            assertThat(alone).containsExactly(Arrays.copyOfRange(whole, i * 81, (i + 1) * 81));
        }
        assertThat(fixed.trainingTarget(images, rng(1)).toFloats()).containsExactly(whole);
        assertThat(dynamic.target(images).toFloats()).containsExactly(whole);
        var rng = rng(1);
        float[] first = dynamic.trainingTarget(images, rng).toFloats();
        assertThat(dynamic.trainingTarget(images, rng).toFloats()).isNotEqualTo(first);
        assertThatThrownBy(() -> new Bernoulli("often"))
                .isInstanceOf(InputException.class)
                .hasMessage("binarisation often: expected threshold, fixed, dynamic");
    }
}
