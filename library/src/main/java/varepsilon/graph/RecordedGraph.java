package varepsilon.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Recording;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * The graph of a network that is written in Java, recorded while it computes an example, so that an architecture says
 * once what it computes. Parameters keep their names and remain the network's own tensors: what is trained afterwards
 * changes the graph too.
 */
public final class RecordedGraph implements AutoCloseable {
    /** In the vocabulary that {@link Recording} uses. */
    static final int OPSET = 20;

    /** A number that no other size is likely to have, by which the batch is told. */
    private static final int BATCH = 7;

    private static final double SAME = 1e-4;
    private static final String INPUT = "input";

    private final Graph graph;
    private final List<Tensor> owned;

    private RecordedGraph(Graph graph, List<Tensor> owned) {
        this.graph = graph;
        this.owned = owned;
    }

    /**
     * Records a network, and checks the graph against it.
     *
     * @param network a differentiable function of a batch, in evaluation mode
     * @param state its parameters and buffers by name; they remain its own
     * @param dtype of its input
     * @param example the sizes of one example of its input
     * @throws InputException where it uses operations that are not recorded
     */
    public static RecordedGraph of(
            UnaryOperator<Tensor> network, Map<String, Tensor> state, DType dtype, Device device, long... example) {
        long[] shape = new long[example.length + 1];
        shape[0] = BATCH;
        System.arraycopy(example, 0, shape, 1, example.length);
        List<Tensor> owned = new ArrayList<>();
        try (var scope = Scope.withGradients();
                Rng random = Seed.of(0).stream();
                Recording recording = Recording.start()) {
            Tensor x = random.uniform(dtype, shape).to(device).requiresGrad(true);
            Tensor y = network.apply(x);
            Graph graph = new Builder(state, x, owned).graph(recording.steps(), y, example);
            check(graph, network, random.uniform(dtype, shape).to(device).narrow(0, 0, 2));
            return new RecordedGraph(graph, owned);
        } catch (InputException e) {
            owned.forEach(Tensor::close);
            throw e;
        }
    }

    private static void check(Graph graph, UnaryOperator<Tensor> network, Tensor x) {
        try (var scope = Scope.withoutGradients()) {
            Tensor expected = network.apply(x);
            Tensor found = graph.run(x);
            double scale = expected.abs().flatten(0).amax(0).item();
            boolean same = Arrays.equals(found.shape(), expected.shape())
                    && found.sub(expected).abs().flatten(0).amax(0).item() <= SAME * scale;
            if (!same) {
                throw new InputException("this network cannot be written as a graph: what was recorded of it computes"
                        + " something else on other images, so it uses operations that are not recorded");
            }
        }
    }

    /** The graph; in use until this is closed. */
    public Graph graph() {
        return graph;
    }

    /** Frees the constants that are not the network's own. */
    @Override
    public void close() {
        owned.forEach(Tensor::close);
    }

    private static final class Builder {
        private final IdentityHashMap<Tensor, String> names = new IdentityHashMap<>();
        private final Map<String, Tensor> constants = new LinkedHashMap<>();
        private final Map<String, Integer> counts = new HashMap<>();
        private final List<Tensor> owned;
        private final Tensor x;

        Builder(Map<String, Tensor> state, Tensor x, List<Tensor> owned) {
            this.x = x;
            this.owned = owned;
            names.put(x, INPUT);
            state.forEach((name, tensor) -> {
                names.put(tensor, name);
                constants.put(name, tensor);
            });
        }

        Graph graph(List<Recording.Step> steps, Tensor y, long... example) {
            List<Node> nodes = new ArrayList<>();
            for (Recording.Step step : steps) {
                String name = step.operation() + "_" + counts.merge(step.operation(), 1, Integer::sum);
                List<String> inputs = new ArrayList<>();
                for (int i = 0; i < step.inputs().size(); i++) {
                    inputs.add(input(step, i));
                }
                names.put(step.output(), name);
                nodes.add(new Node(name, step.operation(), inputs, List.of(name), step.attributes()));
            }
            String output = names.get(y);
            if (output == null) {
                throw notRecorded("its output");
            }
            return new Graph(port(INPUT, x, example), port(output, y, tail(y)), nodes, constants, OPSET).pruned();
        }

        private static long[] tail(Tensor y) {
            return Arrays.copyOfRange(y.shape(), 1, y.dimensions());
        }

        private static Graph.Port port(String name, Tensor tensor, long... example) {
            List<Long> shape = new ArrayList<>(List.of(-1L));
            Arrays.stream(example).forEach(shape::add);
            return new Graph.Port(name, tensor.dtype(), shape);
        }

        private String input(Recording.Step step, int index) {
            Tensor value = step.inputs().get(index);
            String name = names.get(value);
            if (name == null) {
                if (value.requiresGrad()) {
                    throw notRecorded("what '" + step.operation() + "' takes");
                }
                name = "constant_" + counts.merge("constant", 1, Integer::sum);
                boolean shape = index == 1
                        && (step.operation().equals("Reshape")
                                || step.operation().equals("Expand"));
                Tensor constant = (shape
                                ? withFreeBatch(value, step.operation())
                                : value.detach().copy())
                        .own();
                owned.add(constant);
                constants.put(name, constant);
                names.put(value, name);
            }
            return name;
        }

        private static Tensor withFreeBatch(Tensor value, String operation) {
            long[] shape = value.toLongs();
            if (shape.length > 0 && shape[0] == BATCH) {
                boolean derived = Arrays.stream(shape).noneMatch(size -> size == -1);
                // In a Reshape, 0 is the size of the input; in an Expand, 1 is.
                shape[0] = operation.equals("Expand") ? 1 : derived ? -1 : 0;
            }
            return Tensor.of(shape, shape.length);
        }

        private static InputException notRecorded(String what) {
            return new InputException("this network cannot be written as a graph: " + what
                    + " is the result of an operation that is not recorded");
        }
    }
}
