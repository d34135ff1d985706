package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients against central differences in FLOAT64. */
class GradientsTest {
    /**
     * The error of a central difference is about h²·|f‴|/6 + 10⁻¹⁶·|f|/h: at this h both are below 10⁻⁹ for the
     * functions here, whose values and derivatives are of the order of 1.
     */
    private static final double H = 1e-5;

    private static final double TOLERANCE = 1e-8;

    private static int threads;

    /** Tensors this small gain nothing from a second thread; on a busy machine the two wait for each other. */
    @BeforeAll
    static void oneThread() {
        threads = Engine.threads();
        Engine.setThreads(1);
    }

    @AfterAll
    static void asManyAsBefore() {
        Engine.setThreads(threads);
    }

    /** A function of some tensors, with the tensors at which it is looked at. */
    record Case(String name, Function<List<Tensor>, Tensor> function, long[]... shapes) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Case of(String name, Function<Tensor, Tensor> function, long... shape) {
        return new Case(name, x -> function.apply(x.get(0)), shape);
    }

    private static long[] shape(long... sizes) {
        return sizes;
    }

    static Stream<Case> cases() {
        return Stream.of(
                of("exp, log", x -> x.exp().add(1).log(), 2, 3),
                of("sqrt, square", x -> x.square().add(1).sqrt(), 4),
                of("sigmoid", Tensor::sigmoid, 4),
                of("gelu", Ops::gelu, 2, 3),
                of("softplus", Ops::softplus, 2, 3),
                of("normalQuantile", x -> Ops.normalQuantile(x.sigmoid()), 5),
                of("logSoftmax", x -> x.logSoftmax(1), 3, 4),
                of("softmax", x -> x.softmax(0), 3, 4),
                of("logSumExp", x -> x.logSumExp(1), 3, 4),
                of("maxPool2d", x -> Ops.maxPool2d(x, 3, 2, 1), 1, 2, 5, 5),
                of("avgPool2d", x -> Ops.avgPool2d(x, 2), 1, 2, 4, 4),
                of("crossEntropy", x -> Ops.crossEntropy(x, Tensor.of(new long[] {2, 0, 1}, 3)), 3, 4),
                of("smoothed crossEntropy", x -> Ops.crossEntropy(x, Tensor.of(new long[] {2, 0, 1}, 3), 0.3), 3, 4),
                of("gather", x -> x.gather(1, Tensor.of(new long[] {2, 0, 1, 1}, 2, 2)), 2, 3),
                of("indexSelect", x -> x.indexSelect(0, Tensor.of(new long[] {1, 1, 0}, 3)), 2, 3),
                of("views", x -> x.transpose(0, 1).narrow(1, 0, 1).unsqueeze(0).expand(2, 3, 1), 2, 3),
                of("amax", x -> x.amax(1), 3, 4),
                of("clamp", x -> x.mul(2).clamp(-1, 1), 6),
                of("abs, relu, max", x -> x.abs().max(x.relu().mul(3)), 6),
                new Case("div", x -> x.get(0).div(x.get(1).exp()), shape(2, 3), shape(3)),
                new Case("matmul", x -> x.get(0).matmul(x.get(1)), shape(2, 3), shape(3, 4)),
                new Case(
                        "concat, stack",
                        x -> Tensor.stack(0, List.of(Tensor.concat(1, x), Tensor.concat(1, x))),
                        shape(2, 1),
                        shape(2, 3)),
                new Case("linear", x -> Ops.linear(x.get(0), x.get(1), x.get(2)), shape(2, 3), shape(4, 3), shape(4)),
                new Case(
                        "conv2d",
                        x -> Ops.conv2d(x.get(0), x.get(1), x.get(2), 2, 1),
                        shape(2, 2, 5, 5),
                        shape(3, 2, 3, 3),
                        shape(3)),
                new Case(
                        "convTranspose2d",
                        x -> Ops.convTranspose2d(x.get(0), x.get(1), x.get(2), 2, 1, 1),
                        shape(2, 2, 3, 3),
                        shape(2, 3, 3, 3),
                        shape(3)),
                new Case("batchNorm in training", x -> batchNorm(x, true), shape(3, 2, 2, 2), shape(2), shape(2)),
                new Case("batchNorm in evaluation", x -> batchNorm(x, false), shape(3, 2, 2, 2), shape(2), shape(2)),
                new Case(
                        "a small network",
                        GradientsTest::network,
                        shape(2, 1, 6, 6),
                        shape(2, 1, 3, 3),
                        shape(2),
                        shape(3, 8),
                        shape(3)));
    }

    private static Tensor batchNorm(List<Tensor> x, boolean training) {
        Tensor mean = Tensor.of(new double[] {0.3, -0.2}, 2);
        Tensor variance = Tensor.of(new double[] {0.5, 2}, 2);
        return Ops.batchNorm(x.get(0), x.get(1), x.get(2), mean, variance, training, 0.1, 1e-5);
    }

    private static Tensor network(List<Tensor> x) {
        Tensor hidden = Ops.gelu(Ops.conv2d(x.get(0), x.get(1), x.get(2), 2, 1));
        Tensor pooled = Ops.maxPool2d(hidden, 2, 1, 0).flatten(1);
        Tensor logits = Ops.linear(pooled, x.get(3), x.get(4));
        return Ops.crossEntropy(logits, Tensor.of(new long[] {2, 0}, 2));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void areTheLimitsOfDifferences(Case c) {
        try (var scope = Scope.open();
                Rng rng = Seed.of(1).stream()) {
            List<Tensor> inputs = new ArrayList<>();
            for (long[] shape : c.shapes()) {
                inputs.add(rng.normal(DType.FLOAT64, shape).requiresGrad(true));
            }
            Tensor weights =
                    rng.normal(DType.FLOAT64, c.function().apply(inputs).shape());
            // Weighted, so that no two elements of the output can be mistaken for each other.
            Function<List<Tensor>, Tensor> scalar =
                    x -> c.function().apply(x).mul(weights).sum();
            List<Tensor> gradients = Gradients.of(scalar.apply(inputs), inputs);

            for (int i = 0; i < inputs.size(); i++) {
                assertThat(gradients.get(i).shape())
                        .containsExactly(inputs.get(i).shape());
                double[] expected = differences(scalar, inputs, i);
                assertThat(Arrays.stream(expected).map(Math::abs).max().getAsDouble())
                        .as("the function depends on input %d", i)
                        .isGreaterThan(1e-3);
                assertThat(gradients.get(i).toDoubles()).as("input %d", i).containsExactly(expected, within(TOLERANCE));
            }
        }
    }

    private static double[] differences(Function<List<Tensor>, Tensor> function, List<Tensor> inputs, int which) {
        double[] values = inputs.get(which).toDoubles();
        double[] result = new double[values.length];
        for (int j = 0; j < values.length; j++) {
            result[j] =
                    (valueAt(function, inputs, which, values, j, H) - valueAt(function, inputs, which, values, j, -H))
                            / (2 * H);
        }
        return result;
    }

    private static double valueAt(
            Function<List<Tensor>, Tensor> function, List<Tensor> inputs, int which, double[] values, int j, double h) {
        try (var scope = Scope.withoutGradients()) {
            double[] moved = values.clone();
            moved[j] += h;
            List<Tensor> at = new ArrayList<>(inputs);
            at.set(which, Tensor.of(moved, inputs.get(which).shape()));
            return function.apply(at).item();
        }
    }

    @Test
    void ofAnInputThatTheOutputDoesNotUseIsZero() {
        try (var scope = Scope.open()) {
            Tensor used = Tensor.of(new double[] {3}, 1).requiresGrad(true);
            Tensor unused = Tensor.ones(DType.FLOAT32, 2, 3).requiresGrad(true);
            List<Tensor> gradients = Gradients.of(used.square().sum(), List.of(unused, used));
            assertThat(gradients.get(0).shape()).containsExactly(2, 3);
            assertThat(gradients.get(0).dtype()).isEqualTo(DType.FLOAT32);
            assertThat(gradients.get(0).toFloats()).containsOnly(0);
            assertThat(gradients.get(1).toDoubles()).containsExactly(6);
        }
    }

    @Test
    void doNotAccumulateFromCallToCall() {
        try (var scope = Scope.open()) {
            Tensor x = Tensor.of(new double[] {3}, 1).requiresGrad(true);
            assertThat(Gradients.of(x.square().sum(), x).toDoubles()).containsExactly(6);
            assertThat(Gradients.of(x.square().sum(), x).toDoubles()).containsExactly(6);
        }
    }

    @Test
    void ofSeveralValuesComeFromOnePass() {
        try (var scope = Scope.open()) {
            Tensor x = Tensor.of(new double[] {3, 5}, 2).requiresGrad(true);
            Tensor squares = x.square();
            List<Tensor> gradients = Gradients.ofEach(
                    List.of(
                            squares.narrow(0, 0, 1).sum(),
                            squares.sum(),
                            squares.square().sum()),
                    x);
            assertThat(gradients.get(0).toDoubles()).containsExactly(6, 0);
            assertThat(gradients.get(1).toDoubles()).containsExactly(6, 10);
            assertThat(gradients.get(2).toDoubles()).containsExactly(4 * 27, 4 * 125);
        }
    }

    @Test
    void keepingLeavesWhatOtherGradientsNeed() {
        try (var scope = Scope.open()) {
            Tensor x = Tensor.of(new double[] {3, 5}, 2).requiresGrad(true);
            Tensor squares = x.square();
            Tensor first = Gradients.keeping(squares.sum(), x);
            assertThat(first.toDoubles()).containsExactly(6, 10);
            assertThat(first.requiresGrad()).isFalse();
            assertThat(Gradients.of(squares.square().sum(), x).toDoubles()).containsExactly(4 * 27, 4 * 125);
            assertThatThrownBy(() -> Gradients.of(squares.sum(), x)).isInstanceOf(RuntimeException.class);
        }
    }

    @Test
    void ofWhatWasNotRecordedAreRefused() {
        try (var scope = Scope.open()) {
            Tensor x = Tensor.of(new double[] {1, 2}, 2).requiresGrad(true);
            assertThatThrownBy(() -> Gradients.of(x.square(), x))
                    .as("not a scalar")
                    .isInstanceOf(RuntimeException.class);
            assertThatThrownBy(() -> Gradients.of(x.detach().sum(), x)).isInstanceOf(RuntimeException.class);
            Tensor constant = Tensor.ones(DType.FLOAT64, 2);
            assertThatThrownBy(() -> Gradients.of(x.mul(constant).sum(), constant))
                    .isInstanceOf(RuntimeException.class);
            Tensor unrecorded;
            try (var off = Scope.withoutGradients()) {
                unrecorded = off.keep(x.sum());
            }
            assertThatThrownBy(() -> Gradients.of(unrecorded, x)).isInstanceOf(RuntimeException.class);
        }
    }
}
