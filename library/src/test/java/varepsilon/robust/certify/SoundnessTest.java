package varepsilon.robust.certify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import varepsilon.ScopedTest;
import varepsilon.base.Watch;
import varepsilon.graph.Graph;
import varepsilon.robust.attack.Box;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * No point of the region crosses a bound: random points, corners and points found by gradient descent, for networks with
 * every operation of which bounds are known, in single and double precision.
 */
class SoundnessTest extends ScopedTest {
    private static final int IMAGES = 2;
    private static final int POINTS = 24;
    private static final int DESCENTS = 6;

    /** Operations between a first convolution with 4 channels of 6×6 and a last product. */
    private static Map<String, Consumer<Networks>> operations() {
        Map<String, Consumer<Networks>> all = new LinkedHashMap<>();
        for (String name : List.of(
                "Relu",
                "LeakyRelu",
                "Sigmoid",
                "Tanh",
                "Softplus",
                "Gelu",
                "Mish",
                "Elu",
                "Celu",
                "Selu",
                "HardSigmoid",
                "HardSwish",
                "Abs",
                "Exp",
                "Identity",
                "Neg")) {
            all.put(name, network -> network.then(name, Map.of()));
        }
        all.put("LeakyRelu with a negative slope", network -> network.then("LeakyRelu", Map.of("alpha", -0.3)));
        all.put("PRelu", network -> network.then("PRelu", Map.of(), network.weights(0.3, 4, 1, 1)));
        all.put("Celu with alpha", network -> network.then("Celu", Map.of("alpha", 0.5)));
        all.put(
                "Clip",
                network -> network.add(
                        "Clip",
                        Map.of(),
                        List.of(
                                network.last(),
                                network.constant(network.weights(0, 1).reshape().sub(0.2)),
                                network.constant(network.weights(0, 1).reshape().add(0.4)))));
        all.put("square", network -> network.join("Mul", Map.of(), network.last()));
        all.put("swish", network -> {
            String x = network.last();
            network.then("Sigmoid", Map.of()).join("Mul", Map.of(), x);
        });
        all.put(
                "BatchNormalization",
                network -> network.then(
                        "BatchNormalization",
                        Map.of(),
                        network.weights(1, 4),
                        network.weights(0.1, 4),
                        network.weights(0.1, 4),
                        network.weights(1, 4).square().add(0.5)));
        Map<String, Object> pool =
                Map.of("kernel_shape", List.of(3L, 3L), "strides", List.of(1L, 1L), "pads", List.of(1L, 1L, 1L, 1L));
        all.put("MaxPool", network -> network.then("MaxPool", pool));
        all.put("AveragePool", network -> network.then("AveragePool", pool));
        all.put(
                "depthwise",
                network -> network.then(
                        "Conv", Map.of("group", 4L, "auto_pad", "SAME_UPPER"), network.weights(0.4, 4, 1, 3, 3)));
        all.put(
                "dilated",
                network -> network.then(
                        "Conv",
                        Map.of("dilations", List.of(2L, 2L), "pads", List.of(2L, 2L, 2L, 2L)),
                        network.weights(0.2, 4, 4, 3, 3)));
        all.put(
                "strided and transposed",
                network -> network.convolution(4, 4, 3, 2, 1)
                        .relu()
                        .then(
                                "ConvTranspose",
                                Map.of(
                                        "strides",
                                        List.of(2L, 2L),
                                        "pads",
                                        List.of(1L, 1L, 1L, 1L),
                                        "output_padding",
                                        List.of(1L, 1L)),
                                network.weights(0.3, 4, 4, 3, 3)));
        all.put("residual", network -> {
            String x = network.last();
            network.relu().convolution(4, 4, 3, 1, 1).join("Add", Map.of(), x).relu();
        });
        all.put("difference", network -> {
            String x = network.last();
            network.relu().join("Sub", Map.of(), x);
        });
        all.put("concatenation and slice", network -> {
            String x = network.last();
            network.relu()
                    .join("Concat", Map.of("axis", 1L), x)
                    .then("Slice", Map.of(), Networks.whole(2), Networks.whole(6), Networks.whole(1));
        });
        all.put(
                "arithmetic with constants",
                network -> network.then("Mul", Map.of(), network.weights(1, 4, 1, 1))
                        .then("Sub", Map.of(), network.weights(1, 1))
                        .then("Div", Map.of(), network.weights(1, 4, 1, 1).abs().add(0.5)));
        all.put(
                "constant minus value",
                network -> network.add(
                        "Sub", Map.of(), List.of(network.constant(network.weights(1, 4, 1, 1)), network.last())));
        all.put(
                "padding with a value",
                network -> network.then(
                                "Pad",
                                Map.of(),
                                Networks.whole(0, 0, 0, 1, 0, 0, 1, 0),
                                network.weights(0, 1).reshape().add(0.7))
                        .then("Slice", Map.of(), Networks.whole(0), Networks.whole(6), Networks.whole(3))
                        .then("Slice", Map.of(), Networks.whole(1), Networks.whole(7), Networks.whole(2)));
        all.put(
                "product with a negative factor",
                network -> network.flatten()
                        .then(
                                "Gemm",
                                Map.of("transB", 1L, "alpha", -0.7),
                                network.weights(0.1, 144, 144),
                                network.weights(1, 144))
                        .then("Reshape", Map.of(), Networks.whole(-1, 4, 6, 6)));
        all.put(
                "channels last",
                network -> network.then("Transpose", Map.of("perm", List.of(0L, 2L, 3L, 1L)))
                        .then("MatMul", Map.of(), network.weights(0.5, 4, 4))
                        .relu()
                        .then("Transpose", Map.of("perm", List.of(0L, 3L, 1L, 2L))));
        return all;
    }

    @TestFactory
    Stream<DynamicTest> noPointCrossesABound() {
        List<DynamicTest> tests = new ArrayList<>();
        operations().forEach((name, operation) -> {
            for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
                tests.add(DynamicTest.dynamicTest(name + " " + dtype, () -> {
                    try (var scope = Scope.withoutGradients();
                            Rng random = Seed.of(name.hashCode()).stream()) {
                        check(network(dtype, random, operation), dtype, random);
                    }
                }));
            }
        });
        return tests.stream();
    }

    private static Graph network(DType dtype, Rng random, Consumer<Networks> operation) {
        Networks network = new Networks(dtype, random).convolution(2, 4, 3, 1, 1);
        operation.accept(network);
        return network.flatten().product(4 * 6 * 6, 12).relu().product(12, 4).graph(2, 6, 6);
    }

    private static void check(Graph graph, DType dtype, Rng random) {
        try (BoundedNetwork network = BoundedNetwork.of(graph, 2, 6, 6)) {
            Tensor x = random.uniform(dtype, IMAGES, 2, 6, 6);
            Tensor functions = random.normal(dtype, IMAGES, 3, 4);
            for (ThreatModel threat : List.of(
                    ThreatModel.of(Norm.LINF, 0.05),
                    ThreatModel.of(Norm.LINF, 0.3),
                    ThreatModel.of(Norm.L2, 0.6),
                    ThreatModel.of(Norm.L1, 2),
                    new ThreatModel(Norm.L2, 0.4, new Box(-10, 10)))) {
                Relaxation start = Relaxation.of(network, x, threat);
                Tensor ibp = new Ibp().bound(start, functions, Watch.NONE).lower();
                Bound.Found crown = new Crown().bound(start, functions, Watch.NONE);
                Tensor alpha = new AlphaCrown(5, 0.1)
                        .bound(crown.relaxation(), functions, Watch.NONE)
                        .lower();
                // Tighter and tighter, up to rounding.
                assertAtMost(ibp, crown.lower(), "CROWN is looser than intervals");
                assertAtMost(crown.lower(), alpha, "optimised slopes are looser");
                for (Tensor points : points(graph, x, threat, functions, random)) {
                    Map<Integer, Tensor> values = values(network, points);
                    Tensor found = functions
                            .matmul(values.get(network.last()).unsqueeze(2))
                            .squeeze(2);
                    for (Tensor lower : List.of(ibp, crown.lower(), alpha)) {
                        assertAtMost(lower, found, "a point is below the bound in " + threat);
                    }
                    values.forEach((value, at) -> {
                        Bounds bounds = crown.relaxation().bounds(value);
                        assertAtMost(bounds.lower(), at, "value " + value + " is below its bound");
                        assertAtMost(at, bounds.upper(), "value " + value + " is above its bound");
                    });
                }
            }
        }
    }

    /** The points themselves are computed with rounding, relative to the sums that they are made of. */
    private static void assertAtMost(Tensor low, Tensor high, String what) {
        double unit = low.dtype() == DType.FLOAT64 ? 1e-13 : 2e-6;
        double scale = 1 + high.abs().flatten(0).amax(0).item();
        assertThat(low.sub(high).flatten(0).amax(0).item()).as(what).isLessThanOrEqualTo(unit * scale);
    }

    private static Map<Integer, Tensor> values(BoundedNetwork network, Tensor x) {
        Map<Integer, Tensor> values = new HashMap<>();
        values.put(0, x);
        for (int i = 0; i < network.steps().size(); i++) {
            Step step = network.steps().get(i);
            List<Tensor> inputs = new ArrayList<>();
            for (int input : step.inputs()) {
                inputs.add(values.get(input));
            }
            values.put(i + 1, step.forward(inputs));
        }
        return values;
    }

    /** Random points of the region, points on its edge, and where projected descent on the functions ends. */
    private static List<Tensor> points(Graph graph, Tensor x, ThreatModel threat, Tensor functions, Rng random) {
        Tensor low = x.neg().add(threat.box().low());
        Tensor high = x.neg().add(threat.box().high());
        List<Tensor> points = new ArrayList<>();
        for (int i = 0; i < POINTS; i++) {
            Tensor direction = random.normal(x.dtype(), x.shape());
            Tensor delta = i % 2 == 0
                    ? threat.norm().project(direction.mul(threat.epsilon()), threat.epsilon(), low, high)
                    : threat.norm().maximise(direction, threat.epsilon(), low, high);
            points.add(x.add(delta));
        }
        for (int f = 0; f < functions.size(1); f++) {
            Tensor delta = x.zerosLike();
            for (int i = 0; i < DESCENTS; i++) {
                Tensor gradient;
                try (var scope = Scope.withGradients()) {
                    Tensor at = x.add(delta).detach().requiresGrad(true);
                    Tensor value = graph.run(at)
                            .mul(functions.narrow(1, f, 1).squeeze(1))
                            .sum();
                    gradient = scope.keep(Gradients.of(value, at));
                }
                delta = threat.norm().ascend(delta, gradient.neg(), threat.epsilon() / 2, threat.epsilon(), low, high);
            }
            points.add(x.add(delta));
        }
        return points;
    }
}
