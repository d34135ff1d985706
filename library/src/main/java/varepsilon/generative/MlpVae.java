package varepsilon.generative;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.data.ImageShape;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

/**
 * Fully connected networks with exact GELU. Hidden layers after the first add to their input (He et al. 2016).
 *
 * @param width outputs of each hidden layer
 * @param depth hidden layers of the encoder, and of the decoder
 */
@Named(value = "mlp-vae", help = "fully connected layers")
public record MlpVae(
        @Parameter(
                value = "outputs of hidden layers, or channels of convolutions at the image's own size",
                min = 1,
                max = 8192)
        int width,

        @Parameter(value = "hidden layers, or residual blocks at each smaller size of the image", min = 1, max = 64)
        int depth)
        implements VaeNetwork {
    /** Rejects counts out of range. */
    public MlpVae {
        Declared.check(MlpVae.class, width, depth);
    }

    /** Two hidden layers of 512. */
    public MlpVae() {
        this(512, 2);
    }

    @Override
    public Layer encoder(ImageShape input, int outputs, Init init) {
        int inputs = input.channels() * input.height() * input.width();
        return new Network(inputs, outputs, x -> x.flatten(1), y -> y, this, init);
    }

    @Override
    public Layer decoder(int inputs, ImageShape output, Init init) {
        int outputs = output.channels() * output.height() * output.width();
        return new Network(
                inputs,
                outputs,
                z -> z,
                y -> y.reshape(-1, output.channels(), output.height(), output.width()),
                this,
                init);
    }

    private static final class Network extends Layer {
        private final Sequential net;
        private final DType dtype;

        Network(
                int inputs,
                int outputs,
                UnaryOperator<Tensor> before,
                UnaryOperator<Tensor> after,
                MlpVae size,
                Init init) {
            dtype = init.dtype();
            List<Layer> layers = new ArrayList<>();
            layers.add(Layer.of(before));
            layers.add(new Linear(inputs, size.width, init));
            for (int i = 1; i < size.depth; i++) {
                layers.add(new Hidden(size.width, init));
            }
            layers.add(Layer.of(Ops::gelu));
            layers.add(new Linear(size.width, outputs, init));
            layers.add(Layer.of(after));
            net = child("net", new Sequential(layers.toArray(Layer[]::new)));
        }

        @Override
        public Tensor forward(Tensor x) {
            return net.forward(x.to(dtype));
        }
    }

    private static final class Hidden extends Layer {
        private final Linear linear;

        Hidden(int width, Init init) {
            linear = child("linear", new Linear(width, width, init));
        }

        @Override
        public Tensor forward(Tensor x) {
            return x.add(linear.forward(Ops.gelu(x)));
        }
    }
}
