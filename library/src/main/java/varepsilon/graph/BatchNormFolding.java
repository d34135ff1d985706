package varepsilon.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Batch normalisation in evaluation mode is affine: part of the convolution before it, where there is one. */
final class BatchNormFolding {
    private final Map<String, Tensor> constants;
    private final List<Tensor> owned;

    private BatchNormFolding(Map<String, Tensor> constants, List<Tensor> owned) {
        this.constants = constants;
        this.owned = owned;
    }

    static Graph of(Graph graph, List<Tensor> owned) {
        BatchNormFolding folding = new BatchNormFolding(new LinkedHashMap<>(graph.constants()), owned);
        try (var scope = Scope.withoutGradients()) {
            return graph.with(folding.nodes(graph), folding.constants).pruned();
        }
    }

    private List<Node> nodes(Graph graph) {
        Map<String, Node> origins = new HashMap<>();
        Map<String, Integer> uses = new HashMap<>();
        uses.put(graph.output().name(), 1);
        for (Node node : graph.nodes()) {
            node.outputs().forEach(output -> origins.put(output, node));
            node.inputs().forEach(input -> uses.merge(input, 1, Integer::sum));
        }
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            boolean constant = node.operation().equals("BatchNormalization")
                    && node.integer("training_mode", 0) == 0
                    && node.inputs().subList(1, 5).stream().allMatch(constants::containsKey);
            if (!constant) {
                nodes.add(node);
                continue;
            }
            Node before = origins.get(node.inputs().get(0));
            boolean folds = before != null
                    && before.operation().equals("Conv")
                    && uses.get(before.output()) == 1
                    && constants.containsKey(before.inputs().get(1))
                    && (!before.hasInput(2)
                            || constants.containsKey(before.inputs().get(2)));
            if (folds) {
                nodes.set(nodes.indexOf(before), convolution(before, node));
            } else {
                nodes.addAll(product(node));
            }
        }
        return nodes;
    }

    private Tensor scale(Node norm) {
        Tensor variance = constants.get(norm.inputs().get(4)).to(DType.FLOAT64);
        return constants
                .get(norm.inputs().get(1))
                .to(DType.FLOAT64)
                .div(variance.add(norm.number("epsilon", 1e-5)).sqrt());
    }

    private Tensor shift(Node norm, Tensor scale, Tensor bias) {
        Tensor mean = constants.get(norm.inputs().get(3)).to(DType.FLOAT64);
        return constants
                .get(norm.inputs().get(2))
                .to(DType.FLOAT64)
                .add((bias == null ? mean.neg() : bias.to(DType.FLOAT64).sub(mean)).mul(scale));
    }

    private Node convolution(Node convolution, Node norm) {
        Tensor scale = scale(norm);
        Tensor weight = constants.get(convolution.inputs().get(1));
        Tensor bias =
                convolution.hasInput(2) ? constants.get(convolution.inputs().get(2)) : null;
        long[] perOutput = new long[weight.dimensions()];
        Arrays.fill(perOutput, 1);
        perOutput[0] = -1;
        Tensor scaled = weight.to(DType.FLOAT64).mul(scale.reshape(perOutput)).to(weight.dtype());
        return new Node(
                convolution.name(),
                "Conv",
                List.of(
                        convolution.inputs().get(0),
                        constant(norm, "weight", scaled),
                        constant(norm, "bias", shift(norm, scale, bias).to(weight.dtype()))),
                norm.outputs(),
                convolution.attributes());
    }

    private List<Node> product(Node norm) {
        Tensor scale = scale(norm);
        DType type = constants.get(norm.inputs().get(1)).dtype();
        String scaled = norm.output() + ".scaled";
        Tensor shift = shift(norm, scale, null);
        return List.of(
                new Node(
                        norm.name() + ".scale",
                        "Mul",
                        List.of(
                                norm.inputs().get(0),
                                constant(
                                        norm,
                                        "scale",
                                        scale.reshape(1, -1, 1, 1).to(type))),
                        List.of(scaled),
                        Map.of()),
                new Node(
                        norm.name() + ".shift",
                        "Add",
                        List.of(
                                scaled,
                                constant(
                                        norm,
                                        "shift",
                                        shift.reshape(1, -1, 1, 1).to(type))),
                        norm.outputs(),
                        Map.of()));
    }

    private String constant(Node norm, String what, Tensor value) {
        String name = norm.output() + "." + what;
        owned.add(value.own());
        constants.put(name, value);
        return name;
    }
}
