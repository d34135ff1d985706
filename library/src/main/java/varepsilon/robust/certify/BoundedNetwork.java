package varepsilon.robust.certify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import varepsilon.base.InputException;
import varepsilon.graph.Application;
import varepsilon.graph.Graph;
import varepsilon.graph.Node;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * A network in the form in which it is bounded: affine steps, activations, and operations that rise in their inputs.
 * What it computes of constants alone is a constant.
 */
public final class BoundedNetwork implements AutoCloseable {
    private static final Set<String> MONOTONE =
            Set.of("MaxPool", "GlobalMaxPool", "ReduceMax", "ReduceMin", "Max", "Min", "Exp", "Log", "Sqrt");

    private static final int EXAMPLES = 3;
    private static final double SAME = 1e-4;

    private final List<Step> steps = new ArrayList<>();
    private final List<long[]> shapes = new ArrayList<>();
    private final List<Tensor> owned = new ArrayList<>();
    private final DType dtype;
    private final boolean live;

    private BoundedNetwork(DType dtype, boolean live) {
        this.dtype = dtype;
        this.live = live;
    }

    /**
     * Prepares a graph.
     *
     * @param graph from N×… to N×K logits; its constants are used as long as this is open
     * @param example sizes of its input: C, H and W
     * @throws InputException where it has an operation of which no bound is known, which is named
     */
    public static BoundedNetwork of(Graph graph, long... example) {
        BoundedNetwork network = new BoundedNetwork(graph.input().dtype(), false);
        try (var scope = Scope.withoutGradients()) {
            network.compile(graph.withoutBatchNorm(network.owned), example);
        } catch (InputException e) {
            network.close();
            throw e;
        }
        return network;
    }

    /**
     * The same within the open scope, as what its bounds are differentiable in the constants: for training.
     *
     * @param graph whose constants are the parameters themselves, without batch normalisation
     */
    public static BoundedNetwork differentiable(Graph graph, long... example) {
        BoundedNetwork network = new BoundedNetwork(graph.input().dtype(), true);
        network.compile(graph, example);
        return network;
    }

    private void compile(Graph graph, long... example) {
        Map<String, Integer> numbers = new HashMap<>();
        Map<String, Tensor> known = new LinkedHashMap<>(graph.constants());
        Device device = known.values().stream()
                .filter(tensor -> tensor.dtype().isFloatingPoint())
                .map(Tensor::device)
                .findFirst()
                .orElse(Device.CPU);
        numbers.put(graph.input().name(), 0);
        shapes.add(example.clone());
        Map<String, Node> origins = new HashMap<>();
        graph.nodes().forEach(node -> node.outputs().forEach(output -> origins.put(output, node)));
        for (Node node : graph.nodes()) {
            List<String> perturbed =
                    node.inputs().stream().filter(numbers::containsKey).toList();
            for (int k = 0; k < node.outputs().size(); k++) {
                List<Tensor> constants = new ArrayList<>();
                node.inputs().forEach(name -> constants.add(numbers.containsKey(name) ? null : known.get(name)));
                var application = new Application(node, constants, graph.opset(), k, dtype, device);
                if (perturbed.isEmpty()) {
                    known.put(node.outputs().get(k), kept(application.apply(List.of())));
                    continue;
                }
                int[] inputs = perturbed.stream().mapToInt(numbers::get).toArray();
                Step step = step(node, application, inputs, origins, numbers);
                steps.add(step);
                shapes.add(live ? exampleOf(step, application) : checkedExampleOf(step, device));
                numbers.put(node.outputs().get(k), steps.size());
            }
        }
        Integer last = numbers.get(graph.output().name());
        if (last == null || last != steps.size()) {
            throw new InputException("the logits do not depend on the image");
        }
    }

    /** Sizes of an example of what a step gives. */
    private long[] exampleOf(Step step, Application application) {
        List<Tensor> zeros = Arrays.stream(step.inputs())
                .mapToObj(value -> application.zeros(AffineStep.with(1, shapes.get(value))))
                .toList();
        long[] shape = step.forward(zeros).shape();
        return Arrays.copyOfRange(shape, 1, shape.length);
    }

    /** The same, after a look at what is assumed of every step: that each example's result is its own. */
    private long[] checkedExampleOf(Step step, Device device) {
        try (Rng random = Seed.of(0).stream()) {
            List<Tensor> several = Arrays.stream(step.inputs())
                    .mapToObj(value -> random.uniform(dtype, AffineStep.with(EXAMPLES, shapes.get(value)))
                            .to(device))
                    .toList();
            List<Tensor> rows = new ArrayList<>();
            for (int i = 0; i < EXAMPLES; i++) {
                int row = i;
                rows.add(step.forward(
                        several.stream().map(value -> value.narrow(0, row, 1)).toList()));
            }
            Tensor apart = rows.get(0).dimensions() == 0 ? rows.get(0) : Tensor.concat(0, rows);
            Tensor together = step.forward(several);
            double scale = 1 + apart.abs().flatten(0).amax(0).item();
            boolean same = Arrays.equals(together.shape(), apart.shape())
                    && together.size(0) == EXAMPLES
                    && together.sub(apart).abs().flatten(0).amax(0).item() <= SAME * scale;
            if (!same) {
                throw new InputException(step.name() + ": it mixes the images of a batch, or is made for one batch; no"
                        + " bound of that is known");
            }
            return Arrays.copyOfRange(apart.shape(), 1, apart.dimensions());
        }
    }

    private Tensor kept(Tensor constant) {
        if (live) {
            return constant;
        }
        Tensor kept = constant.copy().own();
        owned.add(kept);
        return kept;
    }

    private Step step(
            Node node, Application application, int[] inputs, Map<String, Node> origins, Map<String, Integer> numbers) {
        String name = node.toString();
        if (isAffine(application, inputs)) {
            List<long[]> taken = Arrays.stream(inputs).mapToObj(shapes::get).toList();
            return new AffineStep(name, application, taken, this::kept, inputs);
        }
        Activation activation = activation(node, application, inputs);
        if (activation != null) {
            return new ActivationStep(name, activation, inputs[0]);
        }
        Integer gated = swish(node, origins, numbers);
        if (gated != null) {
            return new ActivationStep(name, new SmoothActivation(x -> x.mul(x.sigmoid()), 0.5), gated);
        }
        if (MONOTONE.contains(node.operation())) {
            return new MonotoneStep(name, application::apply, inputs);
        }
        throw new InputException(
                node + ": no bound of this operation is known, so that nothing can be certified of this network");
    }

    private static boolean isAffine(Application application, int[] inputs) {
        String operation = application.operation();
        boolean first = application.isPerturbed(0) && inputs.length == 1;
        return switch (operation) {
            case "Add", "Sum", "Sub", "Neg" -> true;
            case "Mul", "MatMul" -> inputs.length == 1;
            case "Div", "Conv", "ConvTranspose", "Gemm" -> first;
            case "Concat" -> true;
            case "Cast" -> first && application.givesFloatingPoint();
            default -> AffineStep.ARRANGING.contains(operation) && first;
        };
    }

    /** Null where the operation is no function of single numbers. */
    private Activation activation(Node node, Application application, int[] inputs) {
        if (inputs.length != 1 && !(node.operation().equals("Mul") && inputs[0] == inputs[1])) {
            return null;
        }
        double alpha = node.number("alpha", 1);
        return switch (node.operation()) {
            case "Relu" -> new LeakyRelu(scalar(0));
            case "LeakyRelu" -> leaky(node, scalar(node.number("alpha", 0.01)));
            case "PRelu" -> leaky(node, application.constant(1));
            case "Sigmoid" -> smooth(application, 0.1);
            case "Tanh" -> smooth(application, 0.77);
            case "Softplus" -> smooth(application, 0.25);
            case "Gelu" -> smooth(application, 1.2);
            case "Mish" -> smooth(application, 1.2);
            case "Elu" -> smooth(application, Math.abs(alpha), 0);
            case "Celu" -> smooth(application, 1 / Math.abs(alpha), 0);
            case "Selu" ->
                smooth(
                        application,
                        node.number("gamma", 1.0507010221481323) * node.number("alpha", 1.6732631921768188),
                        0);
            case "HardSigmoid" -> {
                double slope = node.number("alpha", 0.2);
                double middle = node.number("beta", 0.5);
                yield smooth(application, 0, -middle / slope, (1 - middle) / slope);
            }
            case "HardSwish" -> smooth(application, 1.0 / 3, -3, 3);
            case "Abs" -> smooth(application, 0, 0);
            case "Clip" -> smooth(application, 0, limits(node, application));
            case "Mul" -> new SmoothActivation(Tensor::square, 2);
            case "Pow" ->
                application.constant(1) != null
                                && application.constant(1).count() == 1
                                && application.constant(1).item() == 2
                        ? new SmoothActivation(Tensor::square, 2)
                        : null;
            default -> null;
        };
    }

    private Tensor scalar(double value) {
        return kept(Tensor.of(new double[] {value}).to(dtype));
    }

    private static LeakyRelu leaky(Node node, Tensor slope) {
        if (slope.flatten(0).reshape(-1).amax(0).item() > 1) {
            throw new InputException(node + ": a slope above 1, of which no bound is known");
        }
        return new LeakyRelu(slope);
    }

    private static SmoothActivation smooth(Application application, double curvature, double... kinks) {
        return new SmoothActivation(x -> application.apply(List.of(x)), curvature, kinks);
    }

    private static double[] limits(Node node, Application application) {
        Tensor low = application.constant(1);
        Tensor high = application.constant(2);
        return new double[] {
            low != null ? low.item() : node.number("min", -Float.MAX_VALUE),
            high != null ? high.item() : node.number("max", Float.MAX_VALUE)
        };
    }

    /** Of x·sigmoid(x), x; else null. */
    private static Integer swish(Node node, Map<String, Node> origins, Map<String, Integer> numbers) {
        if (!node.operation().equals("Mul")) {
            return null;
        }
        for (int i = 0; i < 2; i++) {
            Node gate = origins.get(node.inputs().get(i));
            String other = node.inputs().get(1 - i);
            if (gate != null
                    && gate.operation().equals("Sigmoid")
                    && gate.inputs().get(0).equals(other)) {
                return numbers.get(other);
            }
        }
        return null;
    }

    /** In order; step i gives value i + 1. */
    List<Step> steps() {
        return List.copyOf(steps);
    }

    /** Sizes of an example of a value. */
    long[] shape(int value) {
        return shapes.get(value).clone();
    }

    /** How many logits it gives an image. */
    public long outputs() {
        return Arrays.stream(shape(last())).reduce(1, (a, b) -> a * b);
    }

    /** The number of the last value, the logits. */
    int last() {
        return steps.size();
    }

    /** The type that it computes in. */
    DType dtype() {
        return dtype;
    }

    /** Frees what it holds. */
    @Override
    public void close() {
        owned.forEach(Tensor::close);
    }
}
