package varepsilon.graph;

import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/**
 * An operation with the values that it is applied to.
 *
 * @param inputs in the node's order; null where an optional one is left out
 * @param opset the version in which the operation is meant
 */
record Call(Node node, List<Tensor> inputs, int opset) {
    /** What the operation gives, in the order of the node's outputs. */
    List<Tensor> result() {
        Operators.Operator operator = Operators.find(node.operation());
        if (operator == null) {
            throw new InputException(node + ": this operation is not supported");
        }
        try {
            List<Tensor> outputs = operator.apply(this);
            if (outputs.size() < node.outputs().size()) {
                throw new InputException(
                        node + " has " + node.outputs().size() + " outputs; expected at most " + outputs.size());
            }
            return outputs;
        } catch (InputException e) {
            throw e;
        } catch (RuntimeException e) {
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new InputException(node + " fails on " + inputs + ": " + reason, e);
        }
    }

    /** A required input. */
    Tensor in(int index) {
        Tensor value = optional(index);
        if (value == null) {
            throw new InputException(node + " has no input number " + (index + 1) + ", which it needs");
        }
        return value;
    }

    /** An input, or null. */
    Tensor optional(int index) {
        return index < inputs.size() ? inputs.get(index) : null;
    }

    /** Whole numbers that are an attribute in older versions and an input in newer ones; null for neither. */
    long[] integers(String attribute, int index) {
        return optional(index) != null ? in(index).toLongs() : node.has(attribute) ? node.integers(attribute) : null;
    }

    /** One number that is an attribute in older versions and an input in newer ones. */
    double number(String attribute, int index, double otherwise) {
        return optional(index) != null ? in(index).item() : node.number(attribute, otherwise);
    }

    /** A dimension; negative ones count from the last. */
    int dimension(long axis, int dimensions) {
        long from = axis < 0 ? axis + dimensions : axis;
        if (from < 0 || from >= dimensions) {
            throw new InputException(node + ": axis " + axis + " of " + dimensions + " dimensions");
        }
        return (int) from;
    }

    /** Dimensions of the first input. */
    long[] dimensions(long... axes) {
        return Arrays.stream(axes)
                .map(axis -> dimension(axis, in(0).dimensions()))
                .toArray();
    }

    /** An error in what a file says. */
    InputException wrong(String what) {
        return new InputException(node + ": " + what);
    }
}
