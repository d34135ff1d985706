package varepsilon.nn;

import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Transposed convolution of N×in×H×W images; {@code weight} in×out×k×k, {@code bias} out. */
public final class ConvTranspose2d extends Layer {
    private final Tensor weight;
    private final Tensor bias;
    private final int stride;
    private final int padding;
    private final int rowPadding;
    private final int columnPadding;

    /** Fresh parameters, PyTorch's default initialisation (its fan-in is out·k·k, by the weight's second dimension). */
    public ConvTranspose2d(int in, int out, int kernel, int stride, int padding, int outputPadding, Init init) {
        this(in, out, kernel, stride, padding, outputPadding, outputPadding, init);
    }

    /** The same with an output padding of their own for rows and columns. */
    public ConvTranspose2d(
            int in, int out, int kernel, int stride, int padding, int rowPadding, int columnPadding, Init init) {
        this.stride = stride;
        this.padding = padding;
        this.rowPadding = rowPadding;
        this.columnPadding = columnPadding;
        long fanIn = (long) out * kernel * kernel;
        try (var scope = Scope.withoutGradients()) {
            weight = parameter("weight", init.uniformByFanIn(fanIn, in, out, kernel, kernel));
            bias = parameter("bias", init.uniformByFanIn(fanIn, out));
        }
    }

    @Override
    public Tensor forward(Tensor x) {
        return Ops.convTranspose2d(x, weight, bias, stride, padding, rowPadding, columnPadding);
    }
}
