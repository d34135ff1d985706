package varepsilon.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;
import varepsilon.tensor.Windows;

/**
 * An operation of a graph as a function of some of its inputs, the others being constants.
 */
public final class Application {
    private final Node node;
    private final List<Tensor> constants;
    private final int opset;
    private final int output;
    private final DType dtype;
    private final Device device;

    /**
     * Binds constants.
     *
     * @param constants in the order of the node's inputs; null for those that are left free, and those left out
     * @param output which of its outputs is meant
     */
    public Application(Node node, List<Tensor> constants, int opset, int output, DType dtype, Device device) {
        this.node = node;
        this.constants = new ArrayList<>(constants);
        this.opset = opset;
        this.output = output;
        this.dtype = dtype;
        this.device = device;
    }

    /** The name of the operation. */
    public String operation() {
        return node.operation();
    }

    /** A constant input, or null. */
    public Tensor constant(int index) {
        return index < constants.size() ? constants.get(index) : null;
    }

    /** Whether an input is free. */
    public boolean isPerturbed(int index) {
        return node.hasInput(index) && constants.get(index) == null;
    }

    /** Of a conversion, whether it is to floating-point numbers, which leaves values as they are but for rounding. */
    public boolean givesFloatingPoint() {
        return OnnxTypes.ofNumber(node.integer("to", 0))
                .filter(DType::isFloatingPoint)
                .isPresent();
    }

    /** Zeros of the type that it computes in. */
    public Tensor zeros(long... shape) {
        return Tensor.zeros(dtype, shape).to(device);
    }

    /** Its result for the free inputs. */
    public Tensor apply(List<Tensor> free) {
        List<Tensor> inputs = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < node.inputs().size(); i++) {
            inputs.add(isPerturbed(i) ? free.get(next++) : constants.get(i));
        }
        return new Call(node, inputs, opset).result().get(output);
    }

    /**
     * For an operation that is affine in its free inputs: the linear one with the absolute values of its coefficients,
     * without the constant.
     *
     * @param keep makes the tensors that it needs live as long as it is used
     */
    public Application absolute(UnaryOperator<Tensor> keep) {
        List<String> names = node.inputs();
        return switch (node.operation()) {
            case "Conv", "ConvTranspose" -> positive(node.withInputs(names.subList(0, 2)), keep);
            case "Gemm" -> {
                Map<String, Object> attributes = new HashMap<>(node.attributes());
                attributes.computeIfPresent("alpha", (name, alpha) -> Math.abs((Double) alpha));
                yield positive(new Node(node.name(), "Gemm", names.subList(0, 2), node.outputs(), attributes), keep);
            }
            case "MatMul", "Mul", "Div" -> positive(node, keep);
            case "Add", "Sum", "Sub" -> {
                List<String> free = IntStream.range(0, names.size())
                        .filter(this::isPerturbed)
                        .mapToObj(names::get)
                        .toList();
                Node sum = new Node(node.name(), "Sum", free, node.outputs(), Map.of());
                yield new Application(sum, nulls(free.size()), opset, output, dtype, device);
            }
            case "Neg" ->
                new Application(
                        new Node(node.name(), "Identity", names, node.outputs(), Map.of()),
                        constants,
                        opset,
                        output,
                        dtype,
                        device);
            case "Pad" -> {
                List<Tensor> zero = new ArrayList<>(constants);
                if (zero.size() > 2 && zero.get(2) != null) {
                    zero.set(2, null);
                    List<String> without = new ArrayList<>(names);
                    without.set(2, "");
                    yield new Application(node.withInputs(without), zero, opset, output, dtype, device);
                }
                yield this;
            }
            default -> this;
        };
    }

    private static List<Tensor> nulls(int count) {
        return new ArrayList<>(Collections.nCopies(count, null));
    }

    private Application positive(Node operation, UnaryOperator<Tensor> keep) {
        List<Tensor> magnitudes = constants.subList(0, operation.inputs().size()).stream()
                .map(constant -> constant == null ? null : keep.apply(constant.abs()))
                .collect(Collectors.toCollection(ArrayList::new));
        return new Application(operation, magnitudes, opset, output, dtype, device);
    }

    /** How many products a result is the sum of, at most. */
    public long terms() {
        return switch (node.operation()) {
            case "Conv" -> constants.get(1).count() / constants.get(1).size(0) + 1;
            case "ConvTranspose" -> constants.get(1).count() / constants.get(1).size(1) + 1;
            case "Gemm", "MatMul" ->
                constants.stream()
                                .filter(constant -> constant != null && constant.dimensions() > 1)
                                .mapToLong(constant ->
                                        Arrays.stream(constant.shape()).max().orElse(1))
                                .max()
                                .orElse(1)
                        + 1;
            case "AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum" -> 1 << 12;
            default -> Math.max(2, node.inputs().size());
        };
    }

    /** Whether it is a convolution of the free input with as much padding at the end as at the start. */
    public boolean isPlainConvolution() {
        if (!isPerturbed(0) || !node.string("auto_pad", "NOTSET").equals("NOTSET")) {
            return false;
        }
        int n = constants.get(1).dimensions() - 2;
        long[] pads = node.integers("pads", new long[2 * n]);
        return pads.length == 2 * n && IntStream.range(0, n).allMatch(i -> pads[i] == pads[n + i]);
    }

    /** The transposed convolution, from the sizes of the result back to those of the input. */
    public Tensor transposedConvolution(Tensor a, long... shape) {
        Tensor weight = constants.get(1);
        int n = weight.dimensions() - 2;
        long[] ones = new long[n];
        Arrays.fill(ones, 1);
        long[] stride = node.integers("strides", ones);
        long[] dilation = node.integers("dilations", ones);
        long[] padding = Arrays.copyOf(node.integers("pads", new long[2 * n]), n);
        long[] rest = new long[n];
        for (int i = 0; i < n; i++) {
            long full = (a.size(2 + i) - 1) * stride[i] - 2 * padding[i] + dilation[i] * (weight.size(2 + i) - 1) + 1;
            rest[i] = shape[1 + i] - full;
        }
        return Windows.transposedConvolution(
                a,
                weight,
                null,
                new Windows.Geometry(stride, padding, padding, dilation),
                rest,
                node.integer("group", 1));
    }

    /** Whether it is a product of the free input with a matrix, neither of them scaled. */
    public boolean isPlainProduct() {
        return isPerturbed(0) && !isPerturbed(1) && node.integer("transA", 0) == 0 && node.number("alpha", 1) == 1;
    }

    /** The matrix of a product, outputs × inputs. */
    public Tensor weight() {
        Tensor matrix = constants.get(1);
        return node.integer("transB", 0) == 0 ? matrix.transpose(0, 1) : matrix;
    }

    @Override
    public String toString() {
        return node + constants.stream().map(String::valueOf).collect(Collectors.joining(", ", " of ", ""));
    }
}
