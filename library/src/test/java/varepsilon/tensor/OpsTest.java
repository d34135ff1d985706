package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.apache.commons.numbers.gamma.Digamma;
import org.apache.commons.numbers.gamma.LogGamma;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.ScopedTest;

/** Operations in FLOAT64 against their definitions, written out as loops. */
class OpsTest extends ScopedTest {
    private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

    private final Rng rng = rng(3);

    private Tensor random(long... shape) {
        return rng.normal(DType.FLOAT64, shape);
    }

    /** An element of an N×C×H×W array; 0 outside the image. */
    private static double at(double[] values, long[] shape, int n, int c, int h, int w) {
        boolean inside = h >= 0 && h < shape[2] && w >= 0 && w < shape[3];
        return inside ? values[(int) (((n * shape[1] + c) * shape[2] + h) * shape[3] + w)] : 0;
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 3", "1, 1, 3", "2, 1, 3", "3, 2, 5", "1, 0, 1"})
    void conv2dIsTheSumOverTheWindow(int stride, int padding, int kernel) {
        long[] xShape = {2, 3, 7, 6};
        long[] wShape = {4, 3, kernel, kernel};
        Tensor x = random(xShape);
        Tensor weight = random(wShape);
        Tensor bias = random(4);
        Tensor y = Ops.conv2d(x, weight, bias, stride, padding);
        assertThat(y.shape())
                .containsExactly(
                        2, 4, (7 + 2 * padding - kernel) / stride + 1, (6 + 2 * padding - kernel) / stride + 1);

        double[] xs = x.toDoubles();
        double[] ws = weight.toDoubles();
        double[] expected = new double[(int) y.count()];
        int i = 0;
        for (int n = 0; n < 2; n++) {
            for (int out = 0; out < 4; out++) {
                for (int h = 0; h < y.size(2); h++) {
                    for (int w = 0; w < y.size(3); w++) {
                        double sum = bias.toDoubles()[out];
                        for (int in = 0; in < 3; in++) {
                            for (int a = 0; a < kernel; a++) {
                                for (int b = 0; b < kernel; b++) {
                                    sum += at(ws, wShape, out, in, a, b)
                                            * at(xs, xShape, n, in, h * stride - padding + a, w * stride - padding + b);
                                }
                            }
                        }
                        expected[i++] = sum;
                    }
                }
            }
        }
        assertThat(y.toDoubles()).containsExactly(expected, within(1e-12));
        assertThat(Ops.conv2d(x, weight, null, stride, padding)
                        .add(bias.reshape(4, 1, 1))
                        .sub(y)
                        .abs()
                        .sum()
                        .item())
                .isLessThan(1e-11);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 1, 0", "2, 1, 1"})
    void convTranspose2dSpreadsEachPixelOverAWindow(int stride, int padding, int outputPadding) {
        long[] xShape = {2, 3, 4, 3};
        long[] wShape = {3, 2, 3, 3};
        Tensor x = random(xShape);
        Tensor weight = random(wShape);
        Tensor bias = random(2);
        Tensor y = Ops.convTranspose2d(x, weight, bias, stride, padding, outputPadding);
        long height = 3L * stride - 2L * padding + 3 + outputPadding;
        long width = 2L * stride - 2L * padding + 3 + outputPadding;
        assertThat(y.shape()).containsExactly(2, 2, height, width);

        double[] xs = x.toDoubles();
        double[] ws = weight.toDoubles();
        double[] expected = new double[(int) y.count()];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = bias.toDoubles()[(int) (i / (height * width) % 2)];
        }
        for (int n = 0; n < 2; n++) {
            for (int in = 0; in < 3; in++) {
                for (int h = 0; h < 4; h++) {
                    for (int w = 0; w < 3; w++) {
                        for (int out = 0; out < 2; out++) {
                            for (int a = 0; a < 3; a++) {
                                for (int b = 0; b < 3; b++) {
                                    int row = h * stride - padding + a;
                                    int column = w * stride - padding + b;
                                    if (row >= 0 && row < height && column >= 0 && column < width) {
                                        expected[(int) (((n * 2 + out) * height + row) * width + column)] +=
                                                at(xs, xShape, n, in, h, w) * at(ws, wShape, in, out, a, b);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        assertThat(y.toDoubles()).containsExactly(expected, within(1e-12));
    }

    @Test
    void linearIsTheProductWithTheTransposedWeight() {
        Tensor x = random(2, 5, 3);
        Tensor weight = random(4, 3);
        Tensor bias = random(4);
        double[] xs = x.toDoubles();
        double[] ws = weight.toDoubles();
        double[] expected = new double[2 * 5 * 4];
        for (int i = 0; i < 10; i++) {
            for (int out = 0; out < 4; out++) {
                expected[i * 4 + out] = bias.toDoubles()[out];
                for (int in = 0; in < 3; in++) {
                    expected[i * 4 + out] += xs[i * 3 + in] * ws[out * 3 + in];
                }
            }
        }
        assertThat(Ops.linear(x, weight, bias).toDoubles()).containsExactly(expected, within(1e-13));
    }

    @Test
    void poolsTakeTheLargestAndTheMeanOfEachWindow() {
        long[] shape = {1, 2, 4, 4};
        Tensor x = random(shape);
        double[] xs = x.toDoubles();
        double[] largest = new double[8];
        double[] mean = new double[8];
        for (int i = 0; i < 8; i++) {
            int c = i / 4;
            int h = i / 2 % 2 * 2;
            int w = i % 2 * 2;
            double[] window = {
                at(xs, shape, 0, c, h, w), at(xs, shape, 0, c, h, w + 1),
                at(xs, shape, 0, c, h + 1, w), at(xs, shape, 0, c, h + 1, w + 1)
            };
            largest[i] = Arrays.stream(window).max().getAsDouble();
            mean[i] = Arrays.stream(window).average().getAsDouble();
        }
        assertThat(Ops.maxPool2d(x, 2, 2, 0).toDoubles()).containsExactly(largest);
        assertThat(Ops.avgPool2d(x, 2).toDoubles()).containsExactly(mean, within(1e-15));
        // Padding of a largest value is −∞, not 0.
        Tensor negative = x.abs().neg().sub(1);
        assertThat(Ops.maxPool2d(negative, 3, 2, 1).amax(0, 1, 2, 3).item()).isLessThanOrEqualTo(-1);
    }

    @Test
    void geluIsExact() {
        double[] xs = {-6, -1.5, -0.1, 0, 0.3, 1, 4};
        double[] expected =
                Arrays.stream(xs).map(x -> x * NORMAL.cumulativeProbability(x)).toArray();
        assertThat(Ops.gelu(Tensor.of(xs, 7)).toDoubles()).containsExactly(expected, within(1e-15));
    }

    @Test
    void softplusNeitherOverflowsNorVanishes() {
        double[] xs = {-800, -30, -1, 0, 1, 30, 800};
        double[] values = Ops.softplus(Tensor.of(xs, 7)).toDoubles();
        for (int i = 0; i < xs.length; i++) {
            double expected = Math.max(xs[i], 0) + Math.log1p(Math.exp(-Math.abs(xs[i])));
            // Beyond 20 the engine takes x for log(1 + eˣ), which is off by e⁻²⁰ = 2e-9.
            assertThat(values[i]).isCloseTo(expected, within(2.1e-9));
        }
        assertThat(values[1]).isEqualTo(Math.exp(-30), within(1e-25));
    }

    @Test
    void exponentialsNeitherOverflowNorVanish() {
        double[] xs = {-800, -1, -1e-12, 0, 1e-12, 2};
        double[] expected = Arrays.stream(xs).map(Math::expm1).toArray();
        assertThat(Ops.expm1(Tensor.of(xs, 6)).toDoubles()).containsExactly(expected, within(1e-15));
        assertThat(Ops.expm1(Tensor.of(new double[] {1e-12}, 1)).item()).isEqualTo(1e-12, within(1e-23));
        double[] ys = {-800, 3, -2, 900, -900, 1};
        double[] sums = new double[6];
        Arrays.setAll(sums, i -> Math.max(xs[i], ys[i]) + Math.log1p(Math.exp(-Math.abs(xs[i] - ys[i]))));
        assertThat(Ops.logAddExp(Tensor.of(xs, 6), Tensor.of(ys, 6)).toDoubles())
                .containsExactly(sums, within(1e-12));
        assertThat(Ops.tanh(Tensor.of(xs, 6)).toDoubles())
                .containsExactly(Arrays.stream(xs).map(Math::tanh).toArray(), within(1e-15));
    }

    @Test
    void logGammaAndItsDerivative() {
        double[] xs = {1e-9, 0.5, 1, 2, 7.25, 1e6};
        Tensor x = Tensor.of(xs, 6).requiresGrad(true);
        Tensor found = Ops.logGamma(x);
        double[] derivatives = Gradients.of(found.sum(), x).toDoubles();
        for (int i = 0; i < xs.length; i++) {
            double expected = LogGamma.value(xs[i]);
            assertThat(found.toDoubles()[i]).isCloseTo(expected, within(1e-14 * (1 + Math.abs(expected))));
            double slope = Digamma.value(xs[i]);
            assertThat(derivatives[i]).isCloseTo(slope, within(1e-12 * (1 + Math.abs(slope))));
        }
    }

    @Test
    void normalQuantileIsTheInverseOfTheDistributionFunction() {
        double[] ps = {1e-10, 0.01, 0.25, 0.5, 0.75, 0.975, 1 - 1e-10};
        double[] expected =
                Arrays.stream(ps).map(NORMAL::inverseCumulativeProbability).toArray();
        assertThat(Ops.normalQuantile(Tensor.of(ps, 7)).toDoubles()).containsExactly(expected, within(1e-9));
        assertThat(Ops.normalQuantile(Tensor.of(new double[] {0, 1}, 2)).toDoubles())
                .containsExactly(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    @Test
    void crossEntropyIsOneValueAnElement() {
        Tensor logits = random(2, 3, 2);
        long[] labels = {0, 2, 1, 1};
        double[] l = logits.toDoubles();
        double[] expected = new double[4];
        for (int n = 0; n < 2; n++) {
            for (int d = 0; d < 2; d++) {
                double sum = 0;
                for (int k = 0; k < 3; k++) {
                    sum += Math.exp(l[n * 6 + k * 2 + d]);
                }
                expected[n * 2 + d] = Math.log(sum) - l[n * 6 + (int) labels[n * 2 + d] * 2 + d];
            }
        }
        Tensor result = Ops.crossEntropy(logits, Tensor.of(labels, 2, 2));
        assertThat(result.shape()).containsExactly(2, 2);
        assertThat(result.toDoubles()).containsExactly(expected, within(1e-14));
        assertThatThrownBy(() -> Ops.crossEntropy(logits, Tensor.of(new long[] {0, 0, 0, 3}, 2, 2)))
                .isInstanceOf(RuntimeException.class);
    }

    @Test
    void smoothedLabelsGiveTheirShareToAllClasses() {
        Tensor logits = Tensor.of(new double[] {1.5, -0.25, 0.75, 2, -1, 0.5, 3, -2.5}, 2, 4);
        Tensor labels = Tensor.of(new long[] {2, 0}, 2);
        // torch.nn.functional.cross_entropy(x, y, reduction='none', label_smoothing=0.1) of PyTorch 1.13.
        assertThat(Ops.crossEntropy(logits, labels, 0.1).toDoubles())
                .containsExactly(new double[] {1.9173642146894943, 3.999381344040397}, within(1e-14));
        double[] toEveryClass = logits.logSoftmax(1).mean(1).neg().toDoubles();
        assertThat(Ops.crossEntropy(logits, labels, 1).toDoubles()).containsExactly(toEveryClass, within(1e-14));
        assertThat(Ops.crossEntropy(logits, labels, 0).toDoubles())
                .containsExactly(Ops.crossEntropy(logits, labels).toDoubles());
        for (double wrong : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThatThrownBy(() -> Ops.crossEntropy(logits, labels, wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("label smoothing " + wrong);
        }
    }

    @Test
    void batchNormNormalisesByTheBatchAndMovesTheRunningStatistics() {
        Tensor x = random(4, 2, 3, 3).mul(2).add(5);
        Tensor weight = Tensor.of(new double[] {1, 0.5}, 2);
        Tensor bias = Tensor.of(new double[] {0, -1}, 2);
        Tensor mean = Tensor.of(new double[] {1, 2}, 2);
        Tensor variance = Tensor.of(new double[] {3, 4}, 2);
        double[] xs = x.toDoubles();
        double[] evaluated =
                Ops.batchNorm(x, weight, bias, mean, variance, false, 0.1, 1e-5).toDoubles();
        double[] trained =
                Ops.batchNorm(x, weight, bias, mean, variance, true, 0.1, 1e-5).toDoubles();

        double[] means = new double[2];
        double[] variances = new double[2];
        for (int i = 0; i < xs.length; i++) {
            means[i / 9 % 2] += xs[i] / 36;
        }
        for (int i = 0; i < xs.length; i++) {
            variances[i / 9 % 2] += Math.pow(xs[i] - means[i / 9 % 2], 2) / 36;
        }
        for (int i = 0; i < xs.length; i++) {
            int c = i / 9 % 2;
            double scale = c == 0 ? 1 : 0.5;
            double shift = c == 0 ? 0 : -1;
            assertThat(trained[i])
                    .isCloseTo((xs[i] - means[c]) / Math.sqrt(variances[c] + 1e-5) * scale + shift, within(1e-12));
            assertThat(evaluated[i])
                    .isCloseTo((xs[i] - (c + 1)) / Math.sqrt(c + 3 + 1e-5) * scale + shift, within(1e-12));
        }
        // The running variance moves towards the unbiased one.
        double unbiased = 36.0 / 35;
        assertThat(mean.toDoubles())
                .containsExactly(new double[] {0.9 + 0.1 * means[0], 1.8 + 0.1 * means[1]}, within(1e-12));
        assertThat(variance.toDoubles())
                .containsExactly(
                        new double[] {2.7 + 0.1 * unbiased * variances[0], 3.6 + 0.1 * unbiased * variances[1]},
                        within(1e-12));
    }

    /** Identity, one pixel to the right, mirrored, and half the size in the middle: means of 2×2 pixels. */
    @Test
    void imagesAreSeenThroughAffineMaps() {
        double[] values = new double[16];
        Arrays.setAll(values, i -> i * i);
        Tensor image = Tensor.of(values, 1, 1, 4, 4);
        assertThat(seen(image, 1, 0, 0, 0, 1, 0)).containsExactly(values, within(1e-12));
        double[] moved = seen(image, 1, 0, -0.5, 0, 1, 0);
        double[] mirrored = seen(image, -1, 0, 0, 0, 1, 0);
        double[] halved = seen(image, 2, 0, 0, 0, 2, 0);
        for (int i = 0; i < 16; i++) {
            int row = i / 4;
            int column = i % 4;
            assertThat(moved[i]).isCloseTo(column == 0 ? 0 : values[i - 1], within(1e-12));
            assertThat(mirrored[i]).isCloseTo(values[4 * row + 3 - column], within(1e-12));
            boolean inside = row % 3 > 0 && column % 3 > 0;
            int corner = 8 * (row - 1) + 2 * (column - 1);
            assertThat(halved[i])
                    .isCloseTo(
                            inside
                                    ? (values[corner] + values[corner + 1] + values[corner + 4] + values[corner + 5])
                                            / 4
                                    : 0,
                            within(1e-12));
        }
    }

    private static double[] seen(Tensor image, double... map) {
        return Ops.affineSample(image, Tensor.of(map, 1, 2, 3)).toDoubles();
    }

    @Test
    void eigenvectorsTakeASymmetricMatrixApart() {
        int n = 7;
        Tensor square = random(n, n);
        Tensor symmetric = square.add(square.transpose(0, 1));
        Ops.Eigen eigen = Ops.symmetricEigen(symmetric);

        Tensor vectors = eigen.vectors();
        double[] rebuilt =
                vectors.mul(eigen.values()).matmul(vectors.transpose(0, 1)).toDoubles();
        assertThat(rebuilt).containsExactly(symmetric.toDoubles(), within(1e-12));
        double[] products = vectors.transpose(0, 1).matmul(vectors).toDoubles();
        for (int i = 0; i < products.length; i++) {
            assertThat(products[i]).isCloseTo(i % (n + 1) == 0 ? 1 : 0, within(1e-12));
        }
        assertThat(eigen.values().toDoubles()).isSorted();
    }
}
