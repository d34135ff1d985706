package varepsilon.nn;

import java.util.function.UnaryOperator;
import varepsilon.tensor.Tensor;

/** A module that is a function from tensor to tensor. */
public abstract class Layer extends Module {
    /** The layer's output for {@code x}, whose first dimension counts the examples. */
    public abstract Tensor forward(Tensor x);

    /** A layer without parameters. */
    public static Layer of(UnaryOperator<Tensor> function) {
        return new Layer() {
            @Override
            public Tensor forward(Tensor x) {
                return function.apply(x);
            }
        };
    }
}
