package varepsilon.nn;

import varepsilon.base.InputException;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** A linear layer of which some weights are held at zero (Germain et al. 2015). */
public final class MaskedLinear extends Layer {
    private final Tensor weight;
    private final Tensor bias;
    private final Tensor mask;

    /** Which input an output sees. */
    @FunctionalInterface
    public interface Connection {
        /** Whether it does. */
        boolean holds(int output, int input);
    }

    /** Fresh parameters, PyTorch's default initialisation. */
    public MaskedLinear(int in, int out, Connection connection, Init init) {
        try (var scope = Scope.withoutGradients()) {
            weight = parameter("weight", init.uniformByFanIn(in, out, in));
            bias = parameter("bias", init.uniformByFanIn(in, out));
            mask = mask(out, in, connection, init);
        }
    }

    /**
     * 1 where an output sees an input and 0 elsewhere, out×in; the caller closes it.
     *
     * @throws InputException where these are more numbers than an array holds
     */
    public static Tensor mask(int out, int in, Connection connection, Init init) {
        if (init.values() == Init.Values.SHAPES) {
            return init.constant(1, out, in).own(); // a file may name any size, which must take no memory
        }
        if ((long) out * in > Integer.MAX_VALUE) {
            throw new InputException("a masked layer of " + out + " outputs and " + in + " inputs: expected fewer than "
                    + Integer.MAX_VALUE + " weights");
        }
        float[] ones = new float[out * in];
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                ones[o * in + i] = connection.holds(o, i) ? 1 : 0;
            }
        }
        return Tensor.of(ones, out, in).to(init.dtype()).to(init.device()).own();
    }

    @Override
    public Tensor forward(Tensor x) {
        return Ops.linear(x, weight.mul(mask), bias);
    }

    @Override
    public void close() {
        super.close();
        mask.close();
    }
}
