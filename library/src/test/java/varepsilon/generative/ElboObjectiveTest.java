package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.data.Batch;
import varepsilon.data.ImageShape;
import varepsilon.nn.Layer;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

class ElboObjectiveTest extends GenerativeTest {
    private static final int N = 5;
    private static final int CHANNELS = 3;
    private static final double DIMENSIONS = CHANNELS * ConvVae.SIDE * ConvVae.SIDE;

    private Vae vae;
    private Batch batch;

    @BeforeEach
    void makeModelAndBatch() {
        vae = closing(VaeArchitecture.conv(4, 2, CHANNELS, new Categorical(16)).create(init(DType.FLOAT64, 1)));
        byte[] pixels =
                rng(2).uniform(N, CHANNELS, ConvVae.SIDE, ConvVae.SIDE).mul(256).toBytes();
        batch = new Batch(Tensor.of(pixels, N, CHANNELS, ConvVae.SIDE, ConvVae.SIDE), null, new int[N], N);
    }

    private BatchResult evaluate(double beta, double freeNats) {
        return new ElboObjective(vae, beta, freeNats).evaluate(batch, rng(3));
    }

    private static double[] values(BatchResult result, String name) {
        return result.perExample().get(name).toDoubles();
    }

    @Test
    void measuresTheBoundOfEachImage() {
        BatchResult result = new ElboObjective(vae).evaluate(batch, rng(3));
        Elbo elbo = vae.elbo(vae.target(batch.images()), rng(3));
        assertThat(result.perExample()).containsOnlyKeys("bpd", "reconstruction_nats", "kl_nats");
        double[] bpd = values(result, "bpd");
        double[] reconstruction = values(result, "reconstruction_nats");
        double[] kl = values(result, "kl_nats");
        assertThat(bpd).hasSize(N);
        double[] bound = elbo.value().toDoubles();
        for (int i = 0; i < N; i++) {
            assertThat(reconstruction[i] + kl[i]).isCloseTo(-bound[i], within(1e-9));
            assertThat(bpd[i]).isCloseTo(-bound[i] / (DIMENSIONS * Math.log(2)), within(1e-12));
        }
        assertThat(result.loss().item()).isCloseTo(-Statistics.mean(bound), within(1e-9));
        assertThat(result.perExample().get("bpd").requiresGrad()).isFalse();
        assertThat(result.loss().requiresGrad()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0.5, 0", "4, 0", "1, 0.001", "1, 100", "2, 0.5"})
    void weightsAndFreeNatsChangeTheLossOnly(double beta, double freeNats) {
        BatchResult plain = evaluate(1, 0);
        BatchResult weighted = evaluate(beta, freeNats);
        for (String name : plain.perExample().keySet()) {
            assertThat(values(weighted, name)).as(name).containsExactly(values(plain, name));
        }
        double reconstruction = Statistics.mean(values(plain, "reconstruction_nats"));
        double kl = freeNats == 0 ? Statistics.mean(values(plain, "kl_nats")) : freeDivergence(freeNats);
        assertThat(weighted.loss().item()).isCloseTo(reconstruction + beta * kl, within(1e-9));
    }

    /** Σ over dimensions of max(λ, mean over the batch of the divergence), by plain arithmetic. */
    private double freeDivergence(double freeNats) {
        DiagonalGaussian q = (DiagonalGaussian) vae.posterior(vae.target(batch.images()));
        double[] mean = q.mean().toDoubles();
        double[] logStd = q.logStd().toDoubles();
        double total = 0;
        for (int j = 0; j < 4; j++) {
            double average = 0;
            for (int i = 0; i < N; i++) {
                int at = 4 * i + j;
                average += (Math.exp(2 * logStd[at]) + mean[at] * mean[at] - 1 - 2 * logStd[at]) / 2 / N;
            }
            total += Math.max(freeNats, average);
        }
        return total;
    }

    @Test
    void theThresholdIsOnTheAverageOfTheBatch() {
        // Two images, one latent dimension: divergences 2 and 0, average 1. A threshold on each image would give 1.75.
        Vae two = withPosteriors(new double[] {2, 0, 0, 0}, new StandardNormal(1));
        Batch images = new Batch(Tensor.zeros(DType.UINT8, 2, 1, 1, 1), null, new int[2], 2);
        BatchResult result = new ElboObjective(two, 1, 1.5).evaluate(images, rng(1));
        double reconstruction = Statistics.mean(values(result, "reconstruction_nats"));
        assertThat(values(result, "kl_nats")).containsExactly(2, 0);
        assertThat(result.loss().item() - reconstruction).isCloseTo(1.5, within(1e-12));
        BatchResult below = new ElboObjective(two, 1, 0.75).evaluate(images, rng(1));
        assertThat(below.loss().item() - reconstruction).isCloseTo(1, within(1e-12));
    }

    /** Rows of mean and logStd, whatever the images. */
    private Vae withPosteriors(double[] rows, Prior prior) {
        Layer encoder = Layer.of(x -> Tensor.of(rows, rows.length / 2, 2));
        Layer decoder = Layer.of(z -> z.reshape(-1, 1, 1, 1));
        return new Vae(
                encoder, decoder, prior, new Gaussian(1), init(DType.FLOAT64, 1).device());
    }

    @Test
    void freeDimensionsGetNoGradientFromTheDivergence() {
        Map<String, Tensor> parameters = vae.parameters();
        Tensor bias = parameters.get("encoder.net.11.bias");
        double[] withoutDivergence = Gradients.of(evaluate(0, 0).loss(), bias).toDoubles();
        double[] allFree = Gradients.of(evaluate(1, 100).loss(), bias).toDoubles();
        double[] noneFree = Gradients.of(evaluate(1, 0).loss(), bias).toDoubles();
        assertThat(allFree).containsExactly(withoutDivergence, within(1e-12));
        assertThat(Arrays.equals(noneFree, withoutDivergence)).isFalse();
    }

    /** Three dimensions whose divergence is known only together: three times the free nats for the whole. */
    @Test
    void dimensionsWithoutADivergenceOfTheirOwnAreOneGroup() {
        Vae full = closing(new VaeArchitecture(
                        3,
                        new ConvVae(2),
                        new ImageShape(1, ConvVae.SIDE, ConvVae.SIDE),
                        new Categorical(16),
                        new StandardNormal.Choice(),
                        new FullGaussian.Choice(),
                        0)
                .create(init(DType.FLOAT64, 1)));
        Batch images = new Batch(
                Tensor.of(new byte[2 * ConvVae.SIDE * ConvVae.SIDE], 2, 1, ConvVae.SIDE, ConvVae.SIDE),
                null,
                new int[2],
                2);
        BatchResult plain = new ElboObjective(full).evaluate(images, rng(3));
        double reconstruction = Statistics.mean(values(plain, "reconstruction_nats"));
        double kl = Statistics.mean(values(plain, "kl_nats"));
        assertThat(kl).isPositive();
        for (double free : new double[] {kl / 3 * 0.99, kl / 3 * 1.01, 7}) {
            BatchResult result = new ElboObjective(full, 1, free).evaluate(images, rng(3));
            assertThat(result.loss().item()).isCloseTo(reconstruction + Math.max(kl, 3 * free), within(1e-9));
        }
    }

    @ParameterizedTest
    @CsvSource({
        // One rise over 4 epochs to 3.
        "4, 0, 0, 0",
        "4, 0, 1, 0.75",
        "4, 0, 3.5, 2.625",
        "4, 0, 4, 3",
        "4, 0, 99.5, 3",
        // The same again every 10 epochs.
        "4, 10, 2, 1.5",
        "4, 10, 9.75, 3",
        "4, 10, 10, 0",
        "4, 10, 32, 1.5",
        "4, 10, 35, 3",
        // A saw, and no rise at all.
        "2, 2, 5.5, 2.25",
        "0, 0, 0, 3",
    })
    void theWeightRisesWithTheEpochs(double warmUp, double cycle, double epoch, double expected) {
        ElboObjective.Choice choice = new ElboObjective.Choice(3, 0, warmUp, cycle);
        ElboObjective objective = new ElboObjective(vae, choice);
        objective.at(17.25);
        objective.at(epoch);
        assertThat(objective.evaluate(batch, rng(3)).loss().item())
                .isEqualTo(evaluate(expected, 0).loss().item());
        assertThat(new ElboObjective(vae, choice).evaluate(batch, rng(3)).loss().item())
                .as("before the first step")
                .isEqualTo(evaluate(warmUp > 0 ? 0 : 3, 0).loss().item());
    }

    @ParameterizedTest
    @CsvSource({"0, 5", "6, 5"})
    void aCycleHoldsARise(double warmUp, double cycle) {
        assertThatThrownBy(() -> new ElboObjective.Choice(1, 0, warmUp, cycle))
                .isInstanceOf(InputException.class)
                .hasMessage("warmUp " + warmUp
                        + ": expected more than 0 and at most the cycle, 5 epochs, in which the weight rises");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, Double.NaN, Double.POSITIVE_INFINITY})
    void otherWeightsAreRefused(double value) {
        assertThatThrownBy(() -> new ElboObjective(vae, value, 0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("beta " + value);
        assertThatThrownBy(() -> new ElboObjective(vae, 1, value))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("freeNats " + value);
    }
}
