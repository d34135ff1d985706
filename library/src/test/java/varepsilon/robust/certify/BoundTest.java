package varepsilon.robust.certify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.graph.Graph;
import varepsilon.graph.Node;
import varepsilon.robust.attack.Box;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Bounds against closed forms and against exhaustive search. */
class BoundTest extends ScopedTest {
    private static final Box WIDE = new Box(-100, 100);

    private Tensor bound(Bound method, Graph graph, Tensor x, ThreatModel threat, Tensor functions) {
        BoundedNetwork network = closing(BoundedNetwork.of(graph, x.size(1), x.size(2), x.size(3)));
        try (var scope = Scope.withoutGradients()) {
            return scope.keep(method.bound(Relaxation.of(network, x, threat), functions, Watch.NONE)
                    .lower());
        }
    }

    private Tensor candidate(Bound method, Graph graph, Tensor x, ThreatModel threat, Tensor functions) {
        BoundedNetwork network = closing(BoundedNetwork.of(graph, x.size(1), x.size(2), x.size(3)));
        try (var scope = Scope.withoutGradients()) {
            return scope.keep(method.bound(Relaxation.of(network, x, threat), functions, Watch.NONE)
                    .candidates());
        }
    }

    @Test
    void onAffineNetworksLinearBoundsAreExact() {
        Networks network = new Networks(DType.FLOAT64, rng(1));
        Graph graph = network.convolution(2, 3, 3, 2, 1)
                .then("AveragePool", Map.of("kernel_shape", List.of(2L, 2L)))
                .flatten()
                .product(3 * 2 * 2, 5)
                .product(5, 3)
                .graph(2, 6, 6);
        Tensor x = rng(2).uniform(DType.FLOAT64, 1, 2, 6, 6);
        Tensor functions = rng(3).normal(DType.FLOAT64, 1, 2, 3);
        // The gradient of a linear function is the same everywhere: differences of its values at unit vectors.
        Tensor at = functions.matmul(graph.run(x).unsqueeze(2)).squeeze(2);
        double[][] w = new double[2][72];
        Tensor unit = Tensor.zeros(DType.FLOAT64, 72, 72);
        Tensor diagonal = Tensor.arange(72).unsqueeze(1);
        Tensor basis =
                unit.scatter(1, diagonal, Tensor.ones(DType.FLOAT64, 72, 1)).reshape(72, 2, 6, 6);
        Tensor moved = graph.run(basis.add(x));
        double[] differences =
                moved.matmul(functions.squeeze(0).transpose(0, 1)).sub(at).toDoubles();
        for (int i = 0; i < 72; i++) {
            w[0][i] = differences[2 * i];
            w[1][i] = differences[2 * i + 1];
        }
        for (int f = 0; f < 2; f++) {
            double value = at.toDoubles()[f];
            double one = 0;
            double two = 0;
            double most = 0;
            for (double weight : w[f]) {
                one += Math.abs(weight);
                two += weight * weight;
                most = Math.max(most, Math.abs(weight));
            }
            Map<ThreatModel, Double> exact = Map.of(
                    new ThreatModel(Norm.LINF, 0.1, WIDE), value - 0.1 * one,
                    new ThreatModel(Norm.L2, 0.7, WIDE), value - 0.7 * Math.sqrt(two),
                    new ThreatModel(Norm.L1, 3, WIDE), value - 3 * most);
            int function = f;
            exact.forEach((threat, expected) -> {
                double found = bound(new Crown(), graph, x, threat, functions).toDoubles()[function];
                assertThat(found)
                        .as(threat.toString())
                        .isCloseTo(expected, within(1e-6))
                        .isLessThanOrEqualTo(expected);
            });
        }
    }

    @Test
    void aBoxAroundABallIsUsed() {
        // One pixel, f(x) = x: from 0.1 a ball of 0.5 reaches −0.4, and the box ends at 0.
        Graph graph = new Networks(DType.FLOAT64, rng(1))
                .flatten()
                .then("Gemm", Map.of(), Tensor.of(new double[] {1, 2}, 1, 2))
                .graph(1, 1, 1);
        Tensor x = Tensor.of(new double[] {0.1}, 1, 1, 1, 1);
        Tensor functions = Tensor.of(new double[] {1, 0}, 1, 1, 2);
        for (Norm norm : List.of(Norm.LINF, Norm.L2, Norm.L1)) {
            double found = bound(new Crown(), graph, x, ThreatModel.of(norm, 0.5), functions)
                    .item();
            assertThat(found).as(norm.label()).isCloseTo(0, within(1e-6));
        }
    }

    @Test
    void anL2BallAndTheBoxTogetherAreTighterThanEither() {
        Tensor x = rng(4).uniform(DType.FLOAT64, 1, 3, 4, 4);
        Tensor a = rng(5).normal(DType.FLOAT64, 1, 4, 3, 4, 4);
        ThreatModel threat = ThreatModel.of(Norm.L2, 1.5);
        Region region = Region.of(x, threat);
        double[] found = region.minimum(a).toDoubles();
        // From the other side: the best of many points inside.
        Tensor rows = a.squeeze(0);
        Tensor same = x.expand(4, 3, 4, 4);
        Tensor delta = Norm.L2.maximise(rows.neg(), 1.5, same.neg(), same.neg().add(1));
        double[] reached = same.add(delta).mul(rows).sum(1, 2, 3).toDoubles();
        double[] ball = same.mul(rows)
                .sum(1, 2, 3)
                .sub(rows.square().sum(1, 2, 3).sqrt().mul(1.5))
                .toDoubles();
        for (int i = 0; i < 4; i++) {
            assertThat(found[i]).isLessThanOrEqualTo(reached[i] + 1e-12).isCloseTo(reached[i], within(1e-4));
            assertThat(found[i]).isGreaterThan(ball[i]);
        }
    }

    @Test
    void singlePrecisionIsNeverAboveDouble() {
        for (int seed = 0; seed < 10; seed++) {
            Networks network = new Networks(DType.FLOAT64, rng(seed));
            Graph exact = network.convolution(3, 8, 3, 1, 1)
                    .relu()
                    .convolution(8, 8, 3, 2, 1)
                    .relu()
                    .flatten()
                    .product(8 * 16, 30)
                    .relu()
                    .product(30, 5)
                    .graph(3, 8, 8);
            Tensor x = rng(seed + 100).uniform(DType.FLOAT64, 2, 3, 8, 8);
            Tensor functions = rng(seed + 200).normal(DType.FLOAT64, 2, 4, 5);
            // The weights of both are the same numbers.
            Graph rounded = exact.in(DType.FLOAT32);
            Graph wide = rounded.in(DType.FLOAT64);
            Tensor narrowX = x.to(DType.FLOAT32);
            Tensor narrowFunctions = functions.to(DType.FLOAT32);
            for (Bound method : List.of(new Ibp(), new Crown())) {
                ThreatModel threat = ThreatModel.of(Norm.LINF, 0.03125);
                Tensor narrow = bound(method, rounded, narrowX, threat, narrowFunctions);
                Tensor reference =
                        bound(method, wide, narrowX.to(DType.FLOAT64), threat, narrowFunctions.to(DType.FLOAT64));
                Tensor above = narrow.to(DType.FLOAT64).sub(reference);
                assertThat(above.flatten(0).amax(0).item()).isLessThanOrEqualTo(0);
                // And the padding costs little.
                assertThat(above.neg().flatten(0).amax(0).item())
                        .isLessThan(
                                1e-2 * (1 + reference.abs().flatten(0).amax(0).item()));
            }
        }
    }

    @Test
    void branchAndBoundProvesWhatIsTrueAndNothingElse() {
        int shown = 0;
        for (int seed = 0; seed < 5; seed++) {
            Graph graph = ofTwoPixels(seed);
            Tensor x = Tensor.of(new float[] {0.5f, 0.5f}, 1, 1, 1, 2);
            ThreatModel threat = ThreatModel.of(Norm.LINF, 0.5);
            double least = leastOnAGrid(graph);
            for (double above : new double[] {0.02, -0.02}) {
                // f(x) = logit 0 − its smallest value ± a little, by a bias of the last layer.
                Tensor functions = Tensor.of(new float[] {1, 0}, 1, 1, 2);
                Graph shifted = shifted(graph, above - least);
                double found = bound(new BranchAndBound(20, 16, 20), shifted, x, threat, functions)
                        .item();
                assertThat(found > 0).as("seed %d, %s", seed, above).isEqualTo(above > 0);
                // An image that it meets shows that it is false.
                Tensor met = candidate(new BranchAndBound(20, 16, 20), shifted, x, threat, functions);
                boolean negative = shifted.run(met).narrow(1, 0, 1).item() < 0;
                assertThat(negative && above > 0).as("met, seed %d", seed).isFalse();
                shown += negative ? 1 : 0;
                assertThat(met.sub(x).abs().flatten(0).amax(0).item()).isLessThanOrEqualTo(0.5);
                double crown = bound(new Crown(), shifted, x, threat, functions).item();
                assertThat(found).isGreaterThanOrEqualTo(crown);
            }
        }
        assertThat(shown).isGreaterThanOrEqualTo(2);
    }

    @Test
    void branchAndBoundNeedsNoLinesDownToTheInput() {
        Graph graph = new Networks(DType.FLOAT32, rng(2))
                .then("MaxPool", Map.of("kernel_shape", List.of(2L, 2L)))
                .flatten()
                .product(9, 6)
                .relu()
                .product(6, 2)
                .graph(1, 4, 4);
        Tensor x = rng(3).uniform(1, 1, 4, 4);
        Tensor functions = Tensor.of(new float[] {1, -1, -1, 1}, 1, 2, 2);
        ThreatModel threat = ThreatModel.of(Norm.LINF, 0.3);
        double[] found = bound(new BranchAndBound(5, 16, 10), graph, x, threat, functions)
                .toDoubles();
        double[] crown = bound(new Crown(), graph, x, threat, functions).toDoubles();
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).isGreaterThanOrEqualTo(crown[i]);
        }
    }

    /** Two pixels, so that the smallest value can be searched for. */
    private Graph ofTwoPixels(int seed) {
        return new Networks(DType.FLOAT32, rng(seed))
                .flatten()
                .product(2, 8)
                .relu()
                .product(8, 8)
                .relu()
                .product(8, 2)
                .graph(1, 1, 2);
    }

    /** With one step for each part: those that nothing divides any more take as many as they need. */
    @Test
    void partsInWhichEveryActivationIsALineAreBoundedToTheEnd() {
        Graph graph = ofTwoPixels(0);
        Graph shifted = shifted(graph, 0.02 - leastOnAGrid(graph));
        Tensor x = Tensor.of(new float[] {0.5f, 0.5f}, 1, 1, 1, 2);
        Tensor functions = Tensor.of(new float[] {1, 0}, 1, 1, 2);
        ThreatModel threat = ThreatModel.of(Norm.LINF, 0.5);
        assertThat(bound(new BranchAndBound(120, 16, 1), shifted, x, threat, functions)
                        .item())
                .isPositive();
    }

    private static Graph shifted(Graph graph, double by) {
        var nodes = new ArrayList<>(graph.nodes());
        String output = graph.output().name();
        nodes.add(new Node("shift", "Add", List.of(output, "by"), List.of("shifted"), Map.of()));
        var constants = new HashMap<>(graph.constants());
        constants.put("by", Tensor.of(new float[] {(float) by}));
        return new Graph(
                graph.input(),
                new Graph.Port("shifted", DType.FLOAT32, graph.output().shape()),
                nodes,
                constants,
                graph.opset());
    }

    private static double leastOnAGrid(Graph graph) {
        int n = 401;
        float[] points = new float[2 * n * n];
        int next = 0;
        for (int row = 0; row < n; row++) {
            for (int column = 0; column < n; column++) {
                points[next++] = column / (n - 1f);
                points[next++] = row / (n - 1f);
            }
        }
        Tensor values = graph.run(Tensor.of(points, points.length / 2, 1, 1, 2)).narrow(1, 0, 1);
        return -values.neg().amax(0, 1).item();
    }

    @Test
    void anOperationWithoutABoundIsNamed() {
        Graph graph = new Networks(DType.FLOAT32, rng(1))
                .flatten()
                .then("Softmax", Map.of())
                .product(4, 2)
                .graph(1, 2, 2);
        assertThatThrownBy(() -> BoundedNetwork.of(graph, 1, 2, 2))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("Softmax", "v1", "no bound");
    }

    /** Rounding to whole numbers is no line, though numbers are only converted. */
    @Test
    void conversionsToWholeNumbersHaveNoBound() {
        Graph graph = new Networks(DType.FLOAT32, rng(1))
                .flatten()
                .then("Mul", Map.of(), Tensor.of(new float[] {9}))
                .then("Cast", Map.of("to", 7L))
                .then("Cast", Map.of("to", 1L))
                .product(4, 2)
                .graph(1, 2, 2);
        assertThatThrownBy(() -> BoundedNetwork.of(graph, 1, 2, 2))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("Cast", "v2", "no bound");
    }

    @Test
    void operationsThatMixTheImagesOfABatchAreRefused() {
        Graph mean = new Networks(DType.FLOAT32, rng(1))
                .flatten()
                .then("ReduceMean", Map.of("keepdims", 1L), Networks.whole(0))
                .product(4, 2)
                .graph(1, 2, 2);
        Graph transposed = new Networks(DType.FLOAT32, rng(1))
                .flatten()
                .then("Transpose", Map.of("perm", List.of(1L, 0L)))
                .then("Transpose", Map.of("perm", List.of(1L, 0L)))
                .product(4, 2)
                .graph(1, 2, 2);
        for (Graph graph : List.of(mean, transposed)) {
            assertThatThrownBy(() -> BoundedNetwork.of(graph, 1, 2, 2))
                    .isInstanceOf(InputException.class)
                    .hasMessageContainingAll("v1", "images of a batch");
        }
    }
}
