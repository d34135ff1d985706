package varepsilon.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/**
 * A network as operations on named values, from one tensor to one tensor. Its constants are owned by whoever made them.
 *
 * @param input what it takes
 * @param output what it gives
 * @param nodes every operation, after those that it needs
 * @param constants weights and other tensors, by name
 * @param opset the version of ONNX's operators in which the operations are meant
 */
public record Graph(Port input, Port output, List<Node> nodes, Map<String, Tensor> constants, int opset) {
    /**
     * An input or output.
     *
     * @param shape sizes, −1 for those that are left open; empty where nothing is known
     */
    public record Port(String name, DType dtype, List<Long> shape) {
        /** Copies the shape. */
        public Port {
            shape = List.copyOf(shape);
        }

        /**
         * The one of a model's outputs that is taken for its result: the one called logits, else the first that has a
         * row of floating-point numbers for each example, else the first.
         */
        public static Optional<Port> logitsOf(List<Port> outputs) {
            return outputs.stream()
                    .filter(port -> port.name().equals("logits"))
                    .findFirst()
                    .or(() -> outputs.stream()
                            .filter(port -> port.dtype().isFloatingPoint()
                                    && port.shape().size() == 2)
                            .findFirst())
                    .or(() -> outputs.stream().findFirst());
        }

        private Port in(DType type) {
            return new Port(name, dtype.isFloatingPoint() ? type : dtype, shape);
        }

        @Override
        public String toString() {
            StringBuilder sizes = new StringBuilder();
            for (int i = 0; i < shape.size(); i++) {
                sizes.append(i == 0 ? "" : "×").append(shape.get(i) < 0 ? i == 0 ? "N" : "?" : shape.get(i));
            }
            return "'" + name.replaceAll("\\p{C}+", " ") + "' " + dtype + (shape.isEmpty() ? "" : " " + sizes);
        }
    }

    /**
     * Copies the collections, and sorts the nodes.
     *
     * @throws InputException where a value has no origin or two, or operations need each other
     */
    public Graph {
        constants = Map.copyOf(constants);
        nodes = List.copyOf(sorted(input.name(), nodes, constants.keySet()));
        if (!output.name().equals(input.name())
                && !constants.containsKey(output.name())
                && nodes.stream().noneMatch(given(output.name()))) {
            throw new InputException("nothing computes the output " + output);
        }
    }

    private static Predicate<Node> given(String value) {
        return node -> node.outputs().contains(value);
    }

    private static List<Node> sorted(String input, List<Node> nodes, Set<String> constants) {
        Map<String, Node> origins = new HashMap<>();
        for (Node node : nodes) {
            for (String output : node.outputs()) {
                boolean taken = output.equals(input) || constants.contains(output);
                if (!output.isEmpty() && (origins.put(output, node) != null || taken)) {
                    throw new InputException(node + " gives '" + output + "', which something else gives too");
                }
            }
        }
        Map<Node, Integer> missing = new LinkedHashMap<>();
        Map<Node, List<Node>> users = new HashMap<>();
        for (Node node : nodes) {
            Set<Node> needed = new HashSet<>();
            for (String value : node.inputs()) {
                Node origin = origins.get(value);
                if (origin == null && !value.isEmpty() && !value.equals(input) && !constants.contains(value)) {
                    throw new InputException(node + " takes '" + value + "', which nothing gives");
                }
                if (origin != null && needed.add(origin)) {
                    users.computeIfAbsent(origin, any -> new ArrayList<>()).add(node);
                }
            }
            if (missing.put(node, needed.size()) != null) {
                throw new InputException(node + " is there twice");
            }
        }
        Deque<Node> ready = new ArrayDeque<>();
        missing.forEach((node, count) -> {
            if (count == 0) {
                ready.add(node);
            }
        });
        List<Node> order = new ArrayList<>(nodes.size());
        while (!ready.isEmpty()) {
            Node node = ready.remove();
            order.add(node);
            for (Node user : users.getOrDefault(node, List.of())) {
                if (missing.merge(user, -1, Integer::sum) == 0) {
                    ready.add(user);
                }
            }
        }
        if (order.size() < nodes.size()) {
            missing.keySet().removeAll(Set.copyOf(order));
            throw new InputException("its operations go in a circle, in which "
                    + missing.keySet().iterator().next() + " lies");
        }
        return order;
    }

    /** How often it has each operation, by name. */
    public Map<String, Integer> operations() {
        Map<String, Integer> counts = new TreeMap<>();
        nodes.forEach(node -> counts.merge(node.operation(), 1, Integer::sum));
        return counts;
    }

    /**
     * What it computes.
     *
     * @param x of the type and shape of its input
     * @throws InputException where an operation is unknown or fails on what it gets
     */
    public Tensor run(Tensor x) {
        return run(x, (name, value) -> {});
    }

    /**
     * The same.
     *
     * @param seen is given every value, with its name; it may be freed afterwards
     */
    Tensor run(Tensor x, BiConsumer<String, Tensor> seen) {
        Map<String, Tensor> values = new HashMap<>();
        values.put(input.name(), x);
        Map<String, Integer> uses = new HashMap<>();
        nodes.forEach(node -> node.inputs().forEach(name -> uses.merge(name, 1, Integer::sum)));
        uses.merge(output.name(), 1, Integer::sum);
        Set<Tensor> shared = new HashSet<>(Set.of(x));
        for (Node node : nodes) {
            List<Tensor> inputs = new ArrayList<>();
            for (String name : node.inputs()) {
                Tensor value = values.get(name);
                inputs.add(name.isEmpty() ? null : value == null ? constants.get(name) : value);
            }
            List<Tensor> outputs = new Call(node, inputs, opset).result();
            for (int i = 0; i < node.outputs().size(); i++) {
                String name = node.outputs().get(i);
                if (!name.isEmpty()) {
                    values.put(name, outputs.get(i));
                    seen.accept(name, outputs.get(i));
                    if (inputs.contains(outputs.get(i))) {
                        shared.add(outputs.get(i));
                    }
                }
            }
            free(node, values, uses, shared);
        }
        Tensor result = values.get(output.name());
        return result == null ? constants.get(output.name()) : result;
    }

    /** Frees values whose last use this was; {@code shared} are those that are another value too. */
    private static void free(Node node, Map<String, Tensor> values, Map<String, Integer> uses, Set<Tensor> shared) {
        for (String name : node.inputs()) {
            if (!name.isEmpty() && uses.merge(name, -1, Integer::sum) == 0) {
                Tensor value = values.remove(name);
                if (value != null && !shared.contains(value)) {
                    value.close();
                }
            }
        }
    }

    /**
     * The same graph, computed in another type of floating-point numbers.
     *
     * @return its constants are new tensors of the open scope, but for those of whole numbers
     */
    public Graph in(DType type) {
        Map<String, Tensor> converted = new LinkedHashMap<>(constants);
        converted.replaceAll((name, tensor) -> tensor.dtype().isFloatingPoint() ? tensor.to(type) : tensor);
        return new Graph(input.in(type), output.in(type), nodes, converted, opset);
    }

    /**
     * The same graph, whose batch normalisations with constant statistics are multiplied into the convolutions before
     * them, or are a product and a sum.
     *
     * @param owned receives the tensors that it needs, which are the caller's
     */
    public Graph withoutBatchNorm(List<Tensor> owned) {
        return BatchNormFolding.of(this, owned);
    }

    /** The same graph with other nodes and constants. */
    Graph with(List<Node> others, Map<String, Tensor> otherConstants) {
        return new Graph(input, output, others, otherConstants, opset);
    }

    /**
     * This graph applied to what another gives. The operations of the other are meant in this one's opset, where they
     * mean the same: {@link RecordedGraph} makes few of them.
     */
    public Graph after(Graph first) {
        String prefix = "before/";
        Map<String, Tensor> all = new LinkedHashMap<>(constants);
        first.constants().forEach((name, tensor) -> all.put(prefix + name, tensor));
        List<Node> joined = new ArrayList<>();
        for (Node node : first.nodes()) {
            joined.add(new Node(
                    prefix + node.name(),
                    node.operation(),
                    prefixed(prefix, node.inputs()),
                    prefixed(prefix, node.outputs()),
                    node.attributes()));
        }
        joined.add(new Node(
                prefix + "output",
                "Identity",
                List.of(prefix + first.output().name()),
                List.of(input.name()),
                Map.of()));
        joined.addAll(nodes);
        Port joint = new Port(
                prefix + first.input().name(),
                first.input().dtype(),
                first.input().shape());
        return new Graph(joint, output, joined, all, opset);
    }

    private static List<String> prefixed(String prefix, List<String> names) {
        return names.stream().map(name -> name.isEmpty() ? name : prefix + name).toList();
    }

    /** The same graph with other names for its input and its output, which no other value of it has. */
    public Graph named(String inputName, String outputName) {
        Map<String, String> names = Map.of(input.name(), inputName, output.name(), outputName);
        List<Node> renamed = new ArrayList<>();
        for (Node node : nodes) {
            renamed.add(new Node(
                    node.name(),
                    node.operation(),
                    replaced(names, node.inputs()),
                    replaced(names, node.outputs()),
                    node.attributes()));
        }
        Port in = new Port(inputName, input.dtype(), input.shape());
        Port out = new Port(outputName, output.dtype(), output.shape());
        return new Graph(in, out, renamed, constants, opset);
    }

    private static List<String> replaced(Map<String, String> names, List<String> values) {
        return values.stream().map(value -> names.getOrDefault(value, value)).toList();
    }

    /** The same graph, whose result is another of its values. */
    public Graph endingIn(String value) {
        return new Graph(input, new Port(value, output.dtype(), output.shape()), nodes, constants, opset).pruned();
    }

    /** Without operations and constants that its output does not need. */
    Graph pruned() {
        Set<String> needed = new HashSet<>(Set.of(output.name()));
        Deque<Node> kept = new ArrayDeque<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.outputs().stream().anyMatch(needed::contains)) {
                kept.addFirst(node);
                needed.addAll(node.inputs());
            }
        }
        Map<String, Tensor> left = new LinkedHashMap<>(constants);
        left.keySet().retainAll(needed);
        return with(List.copyOf(kept), left);
    }
}
