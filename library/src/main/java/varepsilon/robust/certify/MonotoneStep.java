package varepsilon.robust.certify;

import java.util.List;
import java.util.function.Function;
import varepsilon.tensor.Tensor;

/**
 * An operation that rises in each input, bounded by what it makes of its inputs' bounds: pooling by the largest value,
 * exponentials and the like. To linear functions of its result it is a constant.
 */
final class MonotoneStep extends Step {
    private final Function<List<Tensor>, Tensor> function;

    MonotoneStep(String name, Function<List<Tensor>, Tensor> function, int... inputs) {
        super(name, inputs);
        this.function = function;
    }

    @Override
    Tensor forward(List<Tensor> values) {
        return function.apply(values);
    }

    @Override
    Bounds interval(List<Bounds> values) {
        return new Bounds(
                function.apply(values.stream().map(Bounds::lower).toList()),
                function.apply(values.stream().map(Bounds::upper).toList()));
    }

    @Override
    Tensor magnitude(List<Tensor> values) {
        return function.apply(values).abs();
    }
}
