package varepsilon.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A record of the operations on tensors of one thread, from {@link #start} to {@link #close}, in the vocabulary of ONNX
 * (opset 20): what a network computes, as a graph. Operations of networks are recorded; others are not, and a network
 * that uses them shows by an input that nothing has given.
 */
public final class Recording implements AutoCloseable {
    private static final ThreadLocal<Recording> CURRENT = new ThreadLocal<>();

    private final List<Step> steps = new ArrayList<>();

    /**
     * One operation.
     *
     * @param operation that of ONNX
     * @param inputs its tensors, in ONNX's order
     * @param attributes by ONNX's names: {@link Long}, {@link Double}, {@link String} or lists of whole numbers
     * @param output what it gave
     */
    public record Step(String operation, List<Tensor> inputs, Map<String, Object> attributes, Tensor output) {}

    private Recording() {}

    /**
     * Starts one on this thread.
     *
     * @throws IllegalStateException where one is going on
     */
    public static Recording start() {
        if (CURRENT.get() != null) {
            throw new IllegalStateException("operations of this thread are being recorded already");
        }
        Recording recording = new Recording();
        CURRENT.set(recording);
        return recording;
    }

    /** What was recorded, in order; the tensors live as long as the scopes that they were made in. */
    public List<Step> steps() {
        return List.copyOf(steps);
    }

    /** Ends it. */
    @Override
    public void close() {
        CURRENT.remove();
    }

    static Tensor of(String operation, Tensor output, Tensor... inputs) {
        return of(operation, Map.of(), output, inputs);
    }

    static Tensor of(String operation, Map<String, Object> attributes, Tensor output, Tensor... inputs) {
        Recording current = CURRENT.get();
        if (current != null) {
            List<Tensor> present =
                    Stream.of(inputs).filter(input -> input != null).toList();
            current.steps.add(new Step(operation, present, attributes, output));
        }
        return output;
    }

    /** An operation with a number. */
    static Tensor of(String operation, Tensor output, Tensor input, double value) {
        return CURRENT.get() == null ? output : of(operation, output, input, scalar(value, input));
    }

    private static Tensor scalar(double value, Tensor like) {
        return Tensor.of(new double[] {value}).to(like.dtype());
    }

    /** Limits. */
    static Tensor clip(Tensor output, Tensor input, double low, double high) {
        return CURRENT.get() == null ? output : of("Clip", output, input, scalar(low, input), scalar(high, input));
    }

    /** An operation with whole numbers as second input. */
    static Tensor ofNumbers(
            String operation, Map<String, Object> attributes, Tensor output, Tensor input, long... values) {
        return CURRENT.get() == null
                ? output
                : of(operation, attributes, output, input, Tensor.of(values, values.length));
    }

    static Tensor permuted(Tensor output, Tensor input, long... order) {
        return CURRENT.get() == null
                ? output
                : of("Transpose", Map.of("perm", Arrays.stream(order).boxed().toList()), output, input);
    }

    static Tensor swapped(Tensor output, Tensor input, long a, long b) {
        long[] order = new long[input.dimensions()];
        Arrays.setAll(order, i -> i);
        int first = (int) Math.floorMod(a, (long) order.length);
        int second = (int) Math.floorMod(b, (long) order.length);
        order[first] = second;
        order[second] = first;
        return permuted(output, input, order);
    }

    /** Entries of one dimension, by a step. */
    static Tensor slice(Tensor output, Tensor input, long dimension, long start, long end, long step) {
        if (CURRENT.get() == null) {
            return output;
        }
        Tensor[] inputs = Stream.concat(
                        Stream.of(input),
                        Stream.of(start, end, dimension, step).map(value -> Tensor.of(new long[] {value}, 1)))
                .toArray(Tensor[]::new);
        return of("Slice", output, inputs);
    }
}
