package varepsilon.nn;

import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Convolution whose output at a pixel depends on the pixels before it, row by row (van den Oord et al. 2016): all weights
 * at later places are held at zero. An odd kernel, stride 1, and as much padding as keeps the size.
 */
public final class MaskedConv2d extends Layer {
    private final Tensor weight;
    private final Tensor bias;
    private final Tensor mask;
    private final int padding;

    /**
     * Fresh parameters.
     *
     * @param kernel side of the square kernel, odd
     * @param centre whether an output also depends on its own pixel
     */
    public MaskedConv2d(int in, int out, int kernel, boolean centre, Init init) {
        if (kernel % 2 == 0 || kernel == 1 && !centre) {
            throw new IllegalArgumentException("kernel " + kernel + ": expected an odd one that sees a pixel");
        }
        padding = kernel / 2;
        int seen = kernel * padding + padding + (centre ? 1 : 0);
        float[] places = new float[kernel * kernel];
        for (int i = 0; i < seen; i++) {
            places[i] = 1;
        }
        try (var scope = Scope.withoutGradients()) {
            weight = parameter("weight", init.uniformByFanIn((long) in * seen, out, in, kernel, kernel));
            bias = parameter("bias", init.uniformByFanIn((long) in * seen, out));
            mask = Tensor.of(places, 1, 1, kernel, kernel)
                    .to(init.dtype())
                    .to(init.device())
                    .own();
        }
    }

    /** How far before a pixel, in rows and in columns, the pixels are on which its output depends. */
    public int reach() {
        return padding;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Ops.conv2d(x, weight.mul(mask), bias, 1, padding);
    }

    @Override
    public void close() {
        super.close();
        mask.close();
    }
}
