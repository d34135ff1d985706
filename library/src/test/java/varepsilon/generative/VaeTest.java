package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import varepsilon.nn.Layer;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

class VaeTest extends GenerativeTest {
    private static final int PIXELS = 9;

    /** Every pixel's logit is the first latent coordinate; the posterior of an image is N(its mean, e^(2·its mean)). */
    private static Vae blunt() {
        Layer encoder = Layer.of(x -> x.flatten(1).mean(1).unsqueeze(1).expand(x.size(0), 4));
        Layer decoder = Layer.of(z -> z.narrow(1, 0, 1).reshape(-1, 1, 1, 1).expand(z.size(0), 1, 3, 3));
        return new Vae(encoder, decoder, new StandardNormal(2), new Bernoulli(), Device.CPU);
    }

    @Test
    void oneLatentVectorForEachImage() {
        int n = 5_000;
        Tensor means = blunt().sample(n, Picture.MEAN, rng(1));
        assertThat(means.shape()).containsExactly(n, 1, 3, 3);
        float[] values = means.toFloats();
        double[] logits = new double[n];
        for (int i = 0; i < n; i++) {
            for (int p = 1; p < PIXELS; p++) {
                assertThat(values[PIXELS * i + p]).isEqualTo(values[PIXELS * i]);
            }
            logits[i] = Math.log(values[PIXELS * i] / (1 - values[PIXELS * i]));
        }
        // The logits are the prior's draws.
        assertThat(Statistics.mean(logits)).isCloseTo(0, within(4 / Math.sqrt(n)));
        assertThat(Statistics.standardError(logits) * Math.sqrt(n)).isCloseTo(1, within(4 / Math.sqrt(2.0 * n)));
    }

    @Test
    void eachPixelOfASampleIsDrawnFromItsOwnDistribution() {
        int n = 5_000;
        float[] values = blunt().sample(n, Picture.SAMPLE, rng(2)).toFloats();
        // Given z, pixels are independent: P(two equal) = E[s² + (1−s)²], s = sigmoid of a standard normal number.
        double equal = Statistics.integral(
                z -> {
                    double s = 1 / (1 + Math.exp(-z));
                    return Math.exp(Statistics.logNormal(z, 0, 1)) * (s * s + (1 - s) * (1 - s));
                },
                -9,
                9);
        int found = 0;
        for (int i = 0; i < n; i++) {
            found += values[PIXELS * i] == values[PIXELS * i + 5] ? 1 : 0;
        }
        assertThat(found / (double) n).isCloseTo(equal, within(4 * Math.sqrt(equal * (1 - equal) / n)));
        float[] modes = blunt().sample(n, Picture.ARGMAX, rng(2)).toFloats();
        for (int i = 0; i < modes.length; i++) {
            assertThat(modes[i]).isEqualTo(modes[i / PIXELS * PIXELS]).isIn(0f, 1f);
        }
    }

    @Test
    void theEncoderPutsOutMeanThenLogStd() {
        Layer encoder = Layer.of(x -> Tensor.of(new double[] {1, 2, -3, -4}, 1, 4));
        Vae vae = new Vae(encoder, Layer.of(z -> z), new StandardNormal(2), new Bernoulli(), Device.CPU);
        DiagonalGaussian q = (DiagonalGaussian) vae.posterior(Tensor.zeros(DType.FLOAT64, 1, 1, 1, 1));
        assertThat(q.mean().toDoubles()).containsExactly(1, 2);
        assertThat(q.logStd().toDoubles()).containsExactly(-3, -4);
    }

    @Test
    void reconstructionsUseThePosteriorMean() {
        LinearVae model = new LinearVae(
                new double[][] {{0.2, 0}, {0.1, 0.1}, {0, 0}, {-0.1, 0.2}}, new double[] {0.4, 0.5, 0.6, 0.5}, 0.05);
        Vae vae = closing(model.withEncoder(0, 1, init(DType.FLOAT32, 1)));
        byte[] image = {100, (byte) 130, (byte) 150, (byte) 170};
        double[] x = {100 / 255.0, 130 / 255.0, 150 / 255.0, 170 / 255.0};
        double[] z = model.posteriorMean(x);
        double[] expected = new double[4];
        Arrays.setAll(expected, i -> model.w()[i][0] * z[0] + model.w()[i][1] * z[1] + model.mean()[i]);
        double[] found = vae.reconstruct(Tensor.of(image, 1, 1, 1, 4), Picture.MEAN, rng(1))
                .toDoubles();
        assertThat(found).containsExactly(expected, within(1e-5));
    }

    @Test
    void withoutClosedFormTheDivergenceComesFromTheSameDraw() {
        DiagonalGaussian q = new DiagonalGaussian(
                Tensor.of(new double[] {0.5, -1}, 2, 1), Tensor.of(new double[] {-0.3, 0.4}, 2, 1));
        Layer encoder = Layer.of(x -> Tensor.of(new double[] {0.5, -0.3, -1, 0.4}, 2, 2));
        Layer decoder = Layer.of(z -> z.reshape(-1, 1, 1, 1));
        Vae vae = new Vae(encoder, decoder, new MixturePrior(), new Gaussian(0.5), Device.CPU);
        Tensor target = Tensor.of(new double[] {0.1, 0.9}, 2, 1, 1, 1);
        Elbo elbo = vae.elbo(target, rng(6));
        double[] z = q.sample(rng(6)).toDoubles();
        double[] kl = elbo.kl().toDoubles();
        double[] logLikelihood = elbo.logLikelihood().toDoubles();
        for (int i = 0; i < 2; i++) {
            double logQ = Statistics.logNormal(z[i], new double[] {0.5, -1}[i], Math.exp(new double[] {-0.3, 0.4}[i]));
            assertThat(kl[i]).isCloseTo(logQ - MixturePrior.logDensity(z[i]), within(1e-12));
            assertThat(logLikelihood[i])
                    .isCloseTo(Statistics.logNormal(new double[] {0.1, 0.9}[i], z[i], 0.5), within(1e-12));
        }
    }

    @Test
    void posteriorAndPriorDensitiesByHand() {
        DiagonalGaussian q = new DiagonalGaussian(
                Tensor.of(new double[] {0.5, -1}, 1, 2), Tensor.of(new double[] {-0.3, 0.4}, 1, 2));
        double[] draws = {0, 0, 1, -2, 0.5, 3};
        Tensor z = Tensor.of(draws, 3, 1, 2);
        double[] posterior = q.logProbability(z).toDoubles();
        double[] prior = new StandardNormal(2).logProbability(z).toDoubles();
        for (int k = 0; k < 3; k++) {
            double a = draws[2 * k];
            double b = draws[2 * k + 1];
            assertThat(posterior[k])
                    .isCloseTo(
                            Statistics.logNormal(a, 0.5, Math.exp(-0.3)) + Statistics.logNormal(b, -1, Math.exp(0.4)),
                            within(1e-12));
            assertThat(prior[k])
                    .isCloseTo(Statistics.logNormal(a, 0, 1) + Statistics.logNormal(b, 0, 1), within(1e-12));
        }
        assertThat(q.sample(4, rng(1)).shape()).containsExactly(4, 1, 2);
        assertThat(q.reparameterised(Tensor.of(new double[] {2, -1}, 1, 2)).toDoubles())
                .containsExactly(new double[] {0.5 + 2 * Math.exp(-0.3), -1 - Math.exp(0.4)}, within(1e-12));
    }
}
