package varepsilon.robust.certify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.graph.Graph;
import varepsilon.graph.Node;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/** Graphs written operation by operation, with random weights, for tests. */
final class Networks {
    static final String INPUT = "x";

    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Tensor> constants = new LinkedHashMap<>();
    private final DType dtype;
    private final Rng random;
    private String last = INPUT;

    Networks(DType dtype, Rng random) {
        this.dtype = dtype;
        this.random = random;
    }

    String last() {
        return last;
    }

    Networks at(String value) {
        last = value;
        return this;
    }

    /** An operation on the last value, with constants after it. */
    Networks then(String operation, Map<String, Object> attributes, Tensor... others) {
        List<String> inputs = new ArrayList<>(List.of(last));
        for (Tensor other : others) {
            inputs.add(constant(other));
        }
        return add(operation, attributes, inputs);
    }

    /** An operation on the last value and another. */
    Networks join(String operation, Map<String, Object> attributes, String other) {
        return add(operation, attributes, List.of(last, other));
    }

    Networks add(String operation, Map<String, Object> attributes, List<String> inputs) {
        last = "v" + nodes.size();
        nodes.add(new Node(last, operation, inputs, List.of(last), attributes));
        return this;
    }

    String constant(Tensor value) {
        String name = "c" + constants.size();
        constants.put(name, value);
        return name;
    }

    Tensor weights(double scale, long... shape) {
        return random.normal(dtype, shape).mul(scale);
    }

    static Tensor whole(long... values) {
        return Tensor.of(values, values.length);
    }

    Networks convolution(long in, long out, long kernel, long stride, long padding) {
        return then(
                "Conv",
                Map.of("strides", List.of(stride, stride), "pads", List.of(padding, padding, padding, padding)),
                weights(1 / Math.sqrt(in * kernel * kernel), out, in, kernel, kernel),
                weights(0.1, out));
    }

    Networks product(long in, long out) {
        return then("Gemm", Map.of("transB", 1L), weights(1 / Math.sqrt(in), out, in), weights(0.1, out));
    }

    Networks relu() {
        return then("Relu", Map.of());
    }

    Networks flatten() {
        return then("Flatten", Map.of());
    }

    Graph graph(long... example) {
        List<Long> shape = new ArrayList<>(List.of(-1L));
        Arrays.stream(example).forEach(shape::add);
        return new Graph(
                new Graph.Port(INPUT, dtype, shape),
                new Graph.Port(last, dtype, List.of(-1L, -1L)),
                nodes,
                constants,
                20);
    }
}
