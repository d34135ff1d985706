package varepsilon.graph;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import varepsilon.tensor.Tensor;

/** The operations of ONNX that graphs may have, opsets 7 to 21, by name. */
final class Operators {
    /** From the values that an operation is applied to, to those that it gives. */
    @FunctionalInterface
    interface Operator {
        List<Tensor> apply(Call call);
    }

    private static final Map<String, Operator> ALL = all();

    private Operators() {}

    private static Map<String, Operator> all() {
        Map<String, Operator> all = new HashMap<>();
        ElementwiseOperators.register(all);
        WindowOperators.register(all);
        ShapeOperators.register(all);
        ReductionOperators.register(all);
        NormalisationOperators.register(all);
        return Map.copyOf(all);
    }

    /** An operation; null for one that is not known. */
    static Operator find(String name) {
        return ALL.get(name);
    }

    /** The names of all. */
    static Set<String> names() {
        return new TreeSet<>(ALL.keySet());
    }

    /** An operation with one output. */
    static Operator one(Function<Call, Tensor> function) {
        return call -> List.of(function.apply(call));
    }

    /** A function of its first input alone. */
    static Operator first(UnaryOperator<Tensor> function) {
        return one(call -> function.apply(call.in(0)));
    }
}
