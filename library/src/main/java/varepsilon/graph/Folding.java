package varepsilon.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * What a graph computes of constants and of shapes alone, computed once: exporters write the arithmetic of shapes into
 * the graph, so that batches and images of other sizes can be reshaped.
 */
final class Folding {
    private final List<Tensor> made;

    /** @param made receives new constants, which the caller frees */
    Folding(List<Tensor> made) {
        this.made = made;
    }

    private Tensor made(Tensor constant) {
        made.add(constant.own());
        return constant;
    }

    /** Operations whose inputs are all constant, replaced by what they give. */
    Graph ofConstants(Graph graph) {
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        List<Node> left = new ArrayList<>();
        try (var scope = Scope.withoutGradients()) {
            for (Node node : graph.nodes()) {
                boolean constant =
                        node.inputs().stream().allMatch(name -> name.isEmpty() || constants.containsKey(name));
                if (constant && Operators.find(node.operation()) != null) {
                    List<Tensor> inputs = new ArrayList<>();
                    node.inputs().forEach(name -> inputs.add(constants.get(name)));
                    List<Tensor> outputs = new Call(node, inputs, graph.opset()).result();
                    for (int i = 0; i < node.outputs().size(); i++) {
                        constants.put(node.outputs().get(i), made(outputs.get(i).copy()));
                    }
                } else {
                    left.add(node);
                }
            }
        }
        return graph.with(left, constants).pruned();
    }

    /**
     * Values that depend on shapes alone, replaced by constants where the batch does not change them; in the shape of a
     * Reshape, the size that the batch changes becomes −1.
     *
     * @param two examples, of the type of the input
     * @param three of the same size
     */
    Graph ofShapes(Graph graph, Tensor two, Tensor three) {
        Set<String> derived = derivedFromShapes(graph);
        if (derived.isEmpty()) {
            return graph;
        }
        Map<String, long[]> first = values(graph, two, derived);
        Map<String, long[]> second = values(graph, three, derived);
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        Map<String, Tensor> samples = new HashMap<>();
        try (var scope = Scope.withoutGradients()) {
            graph.run(two, (name, value) -> {
                if (derived.contains(name) && Arrays.equals(first.get(name), second.get(name))) {
                    samples.put(name, made(value.copy()));
                }
            });
        }
        List<Node> left = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (node.outputs().stream().allMatch(samples::containsKey)) {
                node.outputs().forEach(name -> constants.put(name, samples.remove(name)));
            } else {
                left.add(node);
            }
        }
        left.replaceAll(node -> withFreeBatch(node, first, second, constants));
        return graph.with(left, constants).pruned();
    }

    private static Set<String> derivedFromShapes(Graph graph) {
        Set<String> derived = new HashSet<>();
        for (Node node : graph.nodes()) {
            boolean follows = node.inputs().stream()
                    .allMatch(name -> name.isEmpty()
                            || derived.contains(name)
                            || graph.constants().containsKey(name));
            if (node.operation().equals("Shape") || follows) {
                derived.addAll(node.outputs());
            }
        }
        return derived;
    }

    private static Map<String, long[]> values(Graph graph, Tensor x, Set<String> of) {
        Map<String, long[]> values = new HashMap<>();
        try (var scope = Scope.withoutGradients()) {
            graph.run(x, (name, value) -> {
                if (of.contains(name)) {
                    values.put(name, value.toLongs());
                }
            });
        }
        return values;
    }

    private Node withFreeBatch(
            Node node, Map<String, long[]> first, Map<String, long[]> second, Map<String, Tensor> constants) {
        long[] a = node.operation().equals("Reshape") ? first.get(node.inputs().get(1)) : null;
        long[] b = a == null ? null : second.get(node.inputs().get(1));
        if (b == null
                || a.length != b.length
                || constants.containsKey(node.inputs().get(1))) {
            return node;
        }
        long[] changed = IntStream.range(0, a.length)
                .filter(i -> a[i] != b[i])
                .mapToLong(i -> i)
                .toArray();
        if (changed.length != 1) {
            return node;
        }
        int at = (int) changed[0];
        boolean derives = Arrays.stream(a).anyMatch(size -> size == -1);
        if (derives && (at != 0 || a[0] != 2 || b[0] != 3)) {
            return node;
        }
        long[] shape = a.clone();
        // A size of 0 is that of the input, whose first is the batch.
        shape[at] = derives ? 0 : -1;
        return reshaping(node, shape, constants);
    }

    private Node reshaping(Node node, long[] shape, Map<String, Tensor> constants) {
        String name = node.output() + ".shape";
        try (var scope = Scope.withoutGradients()) {
            constants.put(name, made(Tensor.of(shape, shape.length)));
        }
        return node.withInputs(List.of(node.inputs().get(0), name));
    }

    /** A graph of a fixed batch, whose reshapes to that many rows are made to take any number. */
    Graph withoutFixedBatch(Graph graph, long batch) {
        Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
        List<Node> nodes = new ArrayList<>(graph.nodes());
        nodes.replaceAll(node -> {
            Tensor stated = node.operation().equals("Reshape") && node.hasInput(1)
                    ? constants.get(node.inputs().get(1))
                    : null;
            if (stated == null || stated.count() == 0) {
                return node;
            }
            long[] shape = stated.toLongs();
            if (shape[0] != batch) {
                return node;
            }
            // A size of 0 is that of the input.
            shape[0] = Arrays.stream(shape).anyMatch(size -> size == -1) ? 0 : -1;
            return reshaping(node, shape, constants);
        });
        List<Long> shape = new ArrayList<>(graph.input().shape());
        shape.set(0, -1L);
        Graph.Port input = new Graph.Port(graph.input().name(), graph.input().dtype(), shape);
        return new Graph(input, graph.output(), nodes, constants, graph.opset()).pruned();
    }
}
