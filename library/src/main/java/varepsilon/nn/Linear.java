package varepsilon.nn;

import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** y = x·Wᵀ + b; {@code weight} out×in, {@code bias} out. */
public final class Linear extends Layer {
    private final Tensor weight;
    private final Tensor bias;

    /** Fresh parameters, PyTorch's default initialisation. */
    public Linear(int in, int out, Init init) {
        try (var scope = Scope.withoutGradients()) {
            weight = parameter("weight", init.uniformByFanIn(in, out, in));
            bias = parameter("bias", init.uniformByFanIn(in, out));
        }
    }

    @Override
    public Tensor forward(Tensor x) {
        return Ops.linear(x, weight, bias);
    }
}
