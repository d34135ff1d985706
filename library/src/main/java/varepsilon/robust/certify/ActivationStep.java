package varepsilon.robust.certify;

import java.util.List;
import varepsilon.tensor.Tensor;

/** A function applied to every number of one value. */
final class ActivationStep extends Step {
    private final Activation activation;

    ActivationStep(String name, Activation activation, int input) {
        super(name, input);
        this.activation = activation;
    }

    Activation activation() {
        return activation;
    }

    /** The value that it is applied to. */
    int input() {
        return inputs()[0];
    }

    @Override
    Tensor forward(List<Tensor> values) {
        return activation.apply(values.get(0));
    }

    @Override
    Bounds interval(List<Bounds> values) {
        return activation.range(values.get(0));
    }

    @Override
    Tensor magnitude(List<Tensor> values) {
        Tensor m = values.get(0);
        return activation.range(new Bounds(m.neg(), m)).magnitude();
    }
}
