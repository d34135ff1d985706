package varepsilon.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/**
 * One operation of a graph.
 *
 * @param name its name in messages
 * @param operation that of the ONNX operator, such as {@code Conv}
 * @param inputs names of values; empty where an optional one is left out
 * @param outputs names of values
 * @param attributes by name: {@link Long}, {@link Double}, {@link String}, {@link Tensor}, or lists of the first two
 */
public record Node(
        String name, String operation, List<String> inputs, List<String> outputs, Map<String, Object> attributes) {
    /** Copies the lists and the map. */
    public Node {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        attributes = Map.copyOf(attributes);
    }

    /** The first output. */
    public String output() {
        return outputs.get(0);
    }

    /** Whether it has that input. */
    public boolean hasInput(int index) {
        return index < inputs.size() && !inputs.get(index).isEmpty();
    }

    /** Whether it has an attribute. */
    public boolean has(String attribute) {
        return attributes.containsKey(attribute);
    }

    /** A whole number. */
    public long integer(String attribute, long otherwise) {
        return of(Long.class, attribute, otherwise);
    }

    /** A number. */
    public double number(String attribute, double otherwise) {
        return of(Double.class, attribute, otherwise);
    }

    /** A string. */
    public String string(String attribute, String otherwise) {
        return of(String.class, attribute, otherwise);
    }

    /** Whole numbers. */
    public long[] integers(String attribute, long... otherwise) {
        Object value = attributes.get(attribute);
        if (value == null) {
            return otherwise;
        }
        List<Long> numbers = new ArrayList<>();
        if (value instanceof List<?> list) {
            for (Object element : list) {
                numbers.add(cast(Long.class, attribute, element));
            }
        } else {
            numbers.add(cast(Long.class, attribute, value));
        }
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    /** Numbers. */
    public double[] numbers(String attribute) {
        List<Double> numbers = new ArrayList<>();
        for (Object element : of(List.class, attribute, List.of())) {
            numbers.add(cast(Double.class, attribute, element));
        }
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private <T> T of(Class<T> type, String attribute, T otherwise) {
        Object value = attributes.get(attribute);
        return value == null ? otherwise : cast(type, attribute, value);
    }

    private <T> T cast(Class<T> type, String attribute, Object value) {
        if (!type.isInstance(value)) {
            throw new InputException(this + ": its attribute " + attribute + " is a "
                    + value.getClass().getSimpleName() + "; expected a " + type.getSimpleName());
        }
        return type.cast(value);
    }

    /** The same operation with other inputs. */
    Node withInputs(List<String> others) {
        return new Node(name, operation, others, outputs, attributes);
    }

    @Override
    public String toString() {
        return operation + " '" + name + "'";
    }
}
