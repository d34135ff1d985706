package varepsilon.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import varepsilon.ScopedTest;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

class LayersTest extends ScopedTest {
    private final Rng rng = rng(1);
    private final Init init = new Init(rng, Device.CPU, DType.FLOAT64);

    /** Uniform in ±b: nothing beyond the bound, the largest close to it, mean 0, variance b²/3 within five errors. */
    private static void requireUniform(Tensor tensor, double bound) {
        double[] values = tensor.toDoubles();
        double largest = Arrays.stream(values).map(Math::abs).max().getAsDouble();
        assertThat(largest).isLessThanOrEqualTo(bound).isGreaterThan(bound * (1 - 10.0 / values.length));
        double n = values.length;
        assertThat(Arrays.stream(values).average().getAsDouble()).isCloseTo(0, within(5 * bound / Math.sqrt(3 * n)));
        // The variance of u² for uniform u is 4b⁴/45.
        assertThat(Arrays.stream(values).map(v -> v * v).average().getAsDouble())
                .isCloseTo(bound * bound / 3, within(5 * bound * bound * Math.sqrt(4 / 45.0 / n)));
    }

    @Test
    void freshParametersAreUniformWithinOneOverTheRootOfTheFanIn() {
        try (Linear linear = new Linear(50, 400, init);
                Conv2d conv = new Conv2d(3, 64, 5, 1, 2, true, init);
                ConvTranspose2d transposed = new ConvTranspose2d(16, 32, 3, 2, 1, 1, init)) {
            requireUniform(linear.parameters().get("weight"), 1 / Math.sqrt(50));
            requireUniform(linear.parameters().get("bias"), 1 / Math.sqrt(50));
            requireUniform(conv.parameters().get("weight"), 1 / Math.sqrt(3 * 25));
            requireUniform(conv.parameters().get("bias"), 1 / Math.sqrt(3 * 25));
            // PyTorch counts the second dimension of the weight, which here is the output.
            requireUniform(transposed.parameters().get("weight"), 1 / Math.sqrt(32 * 9));
            requireUniform(transposed.parameters().get("bias"), 1 / Math.sqrt(32 * 9));
        }
    }

    @Test
    void aLayerOfNothingIsRefused() {
        assertThatThrownBy(() -> new Linear(0, 3, init))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("fan-in 0: expected at least 1");
        assertThatThrownBy(() -> new Conv2d(-1, 3, 3, 1, 1, true, init)).hasMessageContaining("fan-in -9");
    }

    @Test
    void theSameStreamGivesTheSameParameters() {
        try (Rng again = Seed.of(1).stream();
                Linear a = new Linear(4, 5, init);
                Linear b = new Linear(4, 5, new Init(again, Device.CPU, DType.FLOAT64))) {
            assertThat(a.parameters().get("weight").toDoubles())
                    .containsExactly(b.parameters().get("weight").toDoubles());
            assertThat(a.parameters().get("bias").toDoubles())
                    .containsExactly(b.parameters().get("bias").toDoubles());
        }
    }

    @Test
    void layersAreTheOperationsOfTheirNames() {
        Tensor image = rng.normal(DType.FLOAT64, 2, 3, 6, 6);
        try (Linear linear = new Linear(6, 2, init);
                Conv2d conv = new Conv2d(3, 4, 3, 2, 1, true, init);
                Conv2d without = new Conv2d(3, 4, 3, 1, 1, false, init);
                ConvTranspose2d transposed = new ConvTranspose2d(3, 2, 3, 2, 1, 1, init)) {
            Map<String, Tensor> p = linear.parameters();
            assertThat(linear.forward(image).toDoubles())
                    .containsExactly(
                            Ops.linear(image, p.get("weight"), p.get("bias")).toDoubles());
            p = conv.parameters();
            assertThat(conv.forward(image).toDoubles())
                    .containsExactly(Ops.conv2d(image, p.get("weight"), p.get("bias"), 2, 1)
                            .toDoubles());
            p = without.parameters();
            assertThat(p).containsOnlyKeys("weight");
            assertThat(without.forward(image).toDoubles())
                    .containsExactly(
                            Ops.conv2d(image, p.get("weight"), null, 1, 1).toDoubles());
            p = transposed.parameters();
            Tensor y = transposed.forward(image);
            assertThat(y.shape()).containsExactly(2, 2, 12, 12);
            assertThat(y.toDoubles())
                    .containsExactly(Ops.convTranspose2d(image, p.get("weight"), p.get("bias"), 2, 1, 1)
                            .toDoubles());
        }
    }

    /** Over several batches: running ← 0.9·running + 0.1·batch, the variance unbiased; evaluation uses and keeps it. */
    @Test
    void batchNormTracksTheBatchesThatItIsTrainedOn() {
        try (BatchNorm2d norm = new BatchNorm2d(2, init)) {
            double[] mean = {0, 0};
            double[] variance = {1, 1};
            for (int batch = 0; batch < 3; batch++) {
                Tensor x = rng.normal(DType.FLOAT64, 3, 2, 2, 2).mul(batch + 1).add(batch);
                Tensor y = norm.forward(x);
                assertThat(y.mean(0, 2, 3).toDoubles()).containsExactly(new double[] {0, 0}, within(1e-12));
                double[] xs = x.permute(1, 0, 2, 3).toDoubles();
                for (int c = 0; c < 2; c++) {
                    double[] channel = Arrays.copyOfRange(xs, 12 * c, 12 * c + 12);
                    double m = Arrays.stream(channel).average().getAsDouble();
                    double v =
                            Arrays.stream(channel).map(e -> (e - m) * (e - m)).sum() / 11;
                    mean[c] = 0.9 * mean[c] + 0.1 * m;
                    variance[c] = 0.9 * variance[c] + 0.1 * v;
                }
            }
            Map<String, Tensor> state = norm.state();
            assertThat(state.get("running_mean").toDoubles()).containsExactly(mean, within(1e-12));
            assertThat(state.get("running_var").toDoubles()).containsExactly(variance, within(1e-12));
            assertThat(state.get("num_batches_tracked").toLongs()).containsExactly(3);

            norm.train(false);
            double[] evaluated =
                    norm.forward(Tensor.ones(DType.FLOAT64, 1, 2, 1, 1)).toDoubles();
            for (int c = 0; c < 2; c++) {
                assertThat(evaluated[c]).isCloseTo((1 - mean[c]) / Math.sqrt(variance[c] + 1e-5), within(1e-12));
            }
            assertThat(state.get("running_mean").toDoubles()).containsExactly(mean, within(1e-12));
            assertThat(state.get("num_batches_tracked").toLongs()).containsExactly(3);
        }
    }

    /** In both modes what the two layers give one after the other, and the same gradients of image and weights. */
    @Test
    void batchNormAfterAConvolutionIsBothInTurn() {
        for (boolean bias : new boolean[] {false, true}) {
            try (Conv2d convolution = new Conv2d(3, 4, 3, 2, 1, bias, init);
                    BatchNorm2d norm = new BatchNorm2d(4, init)) {
                norm.forward(rng.normal(DType.FLOAT64, 5, 4, 3, 3).mul(3).add(1)); // statistics other than 0 and 1
                norm.parameters().get("weight").detach().copyInPlace(rng.normal(DType.FLOAT64, 4));
                norm.parameters().get("bias").detach().copyInPlace(rng.normal(DType.FLOAT64, 4));
                Tensor x = rng.normal(DType.FLOAT64, 2, 3, 8, 8).requiresGrad(true);
                Tensor direction = rng.normal(DType.FLOAT64, 2, 4, 4, 4);
                List<Tensor> inputs = new ArrayList<>(convolution.parameters().values());
                inputs.addAll(norm.parameters().values());
                inputs.add(x);
                for (boolean training : new boolean[] {true, false}) {
                    norm.train(training);
                    Tensor together = norm.after(convolution, x);
                    Tensor inTurn = norm.forward(convolution.forward(x));
                    assertThat(together.toDoubles()).containsExactly(inTurn.toDoubles(), within(1e-12));
                    List<Tensor> a = Gradients.of(together.mul(direction).sum(), inputs);
                    List<Tensor> b = Gradients.of(inTurn.mul(direction).sum(), inputs);
                    for (int i = 0; i < inputs.size(); i++) {
                        assertThat(a.get(i).toDoubles())
                                .containsExactly(b.get(i).toDoubles(), within(1e-10));
                    }
                }
            }
        }
    }
}
