package varepsilon.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/** One operation as a model of its own: an input, constants, attributes. */
final class OperatorCase {
    /** Makes a tensor where it is used, since cases are listed before any scope is open. */
    @FunctionalInterface
    interface Value {
        Tensor make(Rng random);
    }

    private final String operation;
    private final int opset;
    private final List<Value> inputs = new ArrayList<>();
    private final List<String> words = new ArrayList<>();
    private final Map<String, Object> attributes = new LinkedHashMap<>();
    private int position;
    private int outputs = 1;
    private DType result;

    private OperatorCase(String operation, int opset) {
        this.operation = operation;
        this.opset = opset;
    }

    static OperatorCase op(String operation, int opset) {
        return new OperatorCase(operation, opset);
    }

    /** The model's input: normal numbers of that shape. */
    OperatorCase x(long... shape) {
        return x(random -> random.normal(shape), Arrays.toString(shape));
    }

    /** The model's input, uniform between 0.1 and 1.1. */
    OperatorCase positive(long... shape) {
        return x(random -> random.uniform(shape).add(0.1), "positive " + Arrays.toString(shape));
    }

    /** The model's input: whole numbers from −limit to limit. */
    OperatorCase whole(DType type, int limit, long... shape) {
        return x(
                random -> random.uniform(shape)
                        .mul(2 * limit + 1)
                        .sub(limit + 0.5)
                        .to(type),
                type + Arrays.toString(shape));
    }

    /** The model's input: −10, −9.5, …, which lie between whole numbers as often as on them. */
    OperatorCase halves(long count) {
        return x(random -> Tensor.arange(count).to(DType.FLOAT32).mul(0.5).sub(10), "halves [" + count + "]");
    }

    /** The model's input: normal numbers, of which the negative ones are false. */
    OperatorCase truths(long... shape) {
        return x(random -> random.normal(shape).gt(0), "BOOL" + Arrays.toString(shape));
    }

    private OperatorCase x(Value value, String word) {
        position = inputs.size();
        inputs.add(value);
        words.add(word);
        result = result == null ? DType.FLOAT32 : result;
        return this;
    }

    /** A constant of normal numbers. */
    OperatorCase random(long... shape) {
        return with(random -> random.normal(shape), "constant " + Arrays.toString(shape));
    }

    /** A constant, uniform between 0.1 and 1.1. */
    OperatorCase randomPositive(long... shape) {
        return with(random -> random.uniform(shape).add(0.1), "constant " + Arrays.toString(shape));
    }

    /** Whole numbers in one dimension. */
    OperatorCase ints(long... values) {
        return with(random -> Tensor.of(values, values.length), Arrays.toString(values));
    }

    /** Whole numbers of a shape. */
    OperatorCase ints(long[] shape, long... values) {
        return with(random -> Tensor.of(values, shape), Arrays.toString(values));
    }

    /** Numbers in one dimension. */
    OperatorCase floats(float... values) {
        return with(random -> Tensor.of(values, values.length), Arrays.toString(values));
    }

    /** A number without dimensions. */
    OperatorCase scalar(double value) {
        return with(random -> Tensor.of(new float[] {(float) value}), Double.toString(value));
    }

    /** A whole number without dimensions. */
    OperatorCase whole(long value) {
        return with(random -> Tensor.of(new long[] {value}), Long.toString(value));
    }

    OperatorCase with(Value value, String word) {
        inputs.add(value);
        words.add(word);
        return this;
    }

    /** An optional input that is left out. */
    OperatorCase none() {
        inputs.add(null);
        words.add("-");
        return this;
    }

    OperatorCase set(String name, long value) {
        attributes.put(name, value);
        return this;
    }

    OperatorCase set(String name, double value) {
        attributes.put(name, value);
        return this;
    }

    OperatorCase set(String name, String value) {
        attributes.put(name, value);
        return this;
    }

    OperatorCase list(String name, long... values) {
        attributes.put(name, Arrays.stream(values).boxed().toList());
        return this;
    }

    OperatorCase numbers(String name, double... values) {
        attributes.put(name, Arrays.stream(values).boxed().toList());
        return this;
    }

    /** How many outputs are compared. */
    OperatorCase outputs(int count) {
        outputs = count;
        return this;
    }

    OperatorCase gives(DType type) {
        result = type;
        return this;
    }

    String operation() {
        return operation;
    }

    int outputs() {
        return outputs;
    }

    /** The model whose result is one of the outputs; constants are of the open scope. */
    Graph graph(Tensor x, int output, Rng random) {
        List<String> names = new ArrayList<>();
        Map<String, Tensor> constants = new LinkedHashMap<>();
        for (int i = 0; i < inputs.size(); i++) {
            names.add(i == position ? "x" : inputs.get(i) == null ? "" : "c" + i);
            if (i != position && inputs.get(i) != null) {
                constants.put("c" + i, inputs.get(i).make(random));
            }
        }
        List<String> results = new ArrayList<>();
        for (int i = 0; i < outputs; i++) {
            results.add("y" + i);
        }
        List<Long> open = Arrays.stream(x.shape()).boxed().toList();
        return new Graph(
                new Graph.Port("x", x.dtype(), open),
                new Graph.Port("y" + output, result, List.of()),
                List.of(new Node(operation, operation, names, results, attributes)),
                constants,
                opset);
    }

    /** The model's input. */
    Tensor input(Rng random) {
        return inputs.get(position).make(random);
    }

    @Override
    public String toString() {
        return operation + "-" + opset + "(" + String.join(", ", words) + ")"
                + attributes.entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .collect(Collectors.joining(" ", " ", ""));
    }
}
