package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.graph.Graph;
import varepsilon.graph.GraphNetwork;
import varepsilon.graph.Node;
import varepsilon.robust.certify.Bound;
import varepsilon.robust.certify.BranchAndBound;
import varepsilon.robust.certify.Ibp;
import varepsilon.robust.certify.VnnLib.Inequality;
import varepsilon.robust.certify.VnnLib.Property;
import varepsilon.robust.evaluate.PropertyCheck.Result;
import varepsilon.robust.evaluate.PropertyCheck.Verdict;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/** Y₀ = 10·max(0, x − 0.95) − 0.2 and Y₁ = 0: Y₀ is above Y₁ beyond x = 0.97, where no gradient leads from below 0.95. */
class PropertyCheckTest extends ScopedTest {
    private static final Inequality FIRST_IS_LARGER = new Inequality(new double[] {-1, 1}, 0);
    private static final Inequality SECOND_IS_ABOVE_ONE = new Inequality(new double[] {0, -1}, 1);
    private static final BranchAndBound SEARCH = new BranchAndBound(20, 16, 5);

    private static GraphNetwork network() {
        Map<String, Object> transposed = Map.of("transB", 1L);
        return GraphNetwork.of(
                new Graph(
                        new Graph.Port("x", DType.FLOAT32, List.of(-1L, 1L)),
                        new Graph.Port("y", DType.FLOAT32, List.of(-1L, 2L)),
                        List.of(
                                new Node("shift", "Add", List.of("x", "by"), List.of("shifted"), Map.of()),
                                new Node("relu", "Relu", List.of("shifted"), List.of("rest"), Map.of()),
                                new Node("last", "Gemm", List.of("rest", "w", "b"), List.of("y"), transposed)),
                        Map.of(
                                "by",
                                Tensor.of(new float[] {-0.95F}, 1),
                                "w",
                                Tensor.of(new float[] {10, 0}, 2, 1),
                                "b",
                                Tensor.of(new float[] {-0.2F, 0}, 2)),
                        20),
                1);
    }

    private Result checked(double upper, List<List<Inequality>> unsafe, Bound... bounds) {
        try (GraphNetwork network = network()) {
            Property property = new Property(new double[] {0}, new double[] {upper}, 2, unsafe);
            return new PropertyCheck(List.of(bounds), 1, 1, 1).of(network, property, Watch.NONE, 1);
        }
    }

    @Test
    void whereTheSearchAlongGradientsEndsBranchAndBoundShowsACounterexample() {
        List<List<Inequality>> unsafe = List.of(List.of(FIRST_IS_LARGER));
        assertThat(checked(1, unsafe, new Ibp()).verdict()).isEqualTo(Verdict.UNKNOWN);
        Result shown = checked(1, unsafe, new Ibp(), SEARCH);
        assertThat(shown.verdict()).isEqualTo(Verdict.VIOLATED);
        assertThat(shown.decidedBy()).isEqualTo("branch-and-bound");
        assertThat(shown.counterexample()).hasSize(1);
        assertThat(shown.counterexample()[0]).isBetween(0.97F, 1F);
        assertThat(checked(0.96, unsafe, new Ibp(), SEARCH).verdict()).isEqualTo(Verdict.HOLDS);
    }

    /** The first alone can be kept, so that a counterexample to it is none to both. */
    @Test
    void ofSeveralInequalitiesAllMustBeKept() {
        List<List<Inequality>> both = List.of(List.of(FIRST_IS_LARGER, SECOND_IS_ABOVE_ONE));
        assertThat(checked(1, both, SEARCH).verdict()).isEqualTo(Verdict.HOLDS);
        List<List<Inequality>> either = List.of(List.of(SECOND_IS_ABOVE_ONE), List.of(FIRST_IS_LARGER));
        assertThat(checked(1, either, SEARCH).verdict()).isEqualTo(Verdict.VIOLATED);
    }

    @Test
    void aPropertyOfAnotherNetworkIsRefused() {
        Property property = new Property(new double[2], new double[2], 2, List.of(List.of(FIRST_IS_LARGER)));
        try (GraphNetwork network = network()) {
            PropertyCheck check = new PropertyCheck(List.of(new Ibp()), 1, 1, 1);
            assertThatThrownBy(() -> check.of(network, property, Watch.NONE, 1))
                    .isInstanceOf(InputException.class)
                    .hasMessage("the property is of 2 inputs, the network has 1");
        }
    }
}
