package varepsilon.nn;

import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Convolution of N×in×H×W images with a square kernel; {@code weight} out×in×k×k, {@code bias} out or none. */
public final class Conv2d extends Layer {
    private final Tensor weight;
    private final Tensor bias;
    private final int stride;
    private final int padding;

    /** Fresh parameters, PyTorch's default initialisation. */
    public Conv2d(int in, int out, int kernel, int stride, int padding, boolean bias, Init init) {
        this.stride = stride;
        this.padding = padding;
        long fanIn = (long) in * kernel * kernel;
        try (var scope = Scope.withoutGradients()) {
            weight = parameter("weight", init.uniformByFanIn(fanIn, out, in, kernel, kernel));
            this.bias = bias ? parameter("bias", init.uniformByFanIn(fanIn, out)) : null;
        }
    }

    @Override
    public Tensor forward(Tensor x) {
        return Ops.conv2d(x, weight, bias, stride, padding);
    }

    /** scale·conv(x) + shift, one of each an output channel, as one convolution. */
    Tensor forwardScaled(Tensor x, Tensor scale, Tensor shift) {
        Tensor scaled = weight.mul(scale.reshape(-1, 1, 1, 1));
        return Ops.conv2d(x, scaled, bias == null ? shift : bias.mul(scale).add(shift), stride, padding);
    }
}
