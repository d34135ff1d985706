package varepsilon.generative;

import java.util.ArrayList;
import java.util.List;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.data.ImageShape;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

/**
 * Residual convolutional networks: blocks of two 3×3 convolutions before which the activation stands (He et al. 2016b),
 * without normalisation; the last convolution of a block begins at zero, so that a fresh block is the identity (Zhang et
 * al. 2019). Images are halved as in {@link ConvVae}, with twice the channels after the first halving.
 *
 * @param width channels at the image's own size; 2·width at the smaller ones
 * @param depth blocks at each smaller size
 */
@Named(value = "residual-vae", help = "residual blocks of convolutions at each size of the image")
public record ResidualVae(
        @Parameter(
                value = "outputs of hidden layers, or channels of convolutions at the image's own size",
                min = 1,
                max = 8192)
        int width,

        @Parameter(value = "hidden layers, or residual blocks at each smaller size of the image", min = 1, max = 64)
        int depth)
        implements VaeNetwork {
    private static final int KERNEL = 3;

    /** Rejects counts out of range. */
    public ResidualVae {
        Declared.check(ResidualVae.class, width, depth);
    }

    /** 32 channels, one block at each size. */
    public ResidualVae() {
        this(32, 1);
    }

    private int channelsAfter(int halvings) {
        return halvings == 0 ? width : 2 * width;
    }

    @Override
    public Layer encoder(ImageShape input, int outputs, Init init) {
        return new Encoder(this, input, outputs, init);
    }

    @Override
    public Layer decoder(int inputs, ImageShape output, Init init) {
        return new Decoder(this, inputs, output, init);
    }

    private void addBlocks(List<Layer> layers, int channels, Init init) {
        for (int i = 0; i < depth; i++) {
            layers.add(new Block(channels, init));
        }
    }

    private static final class Encoder extends Layer {
        private final Sequential net;
        private final DType dtype;

        Encoder(ResidualVae size, ImageShape input, int outputs, Init init) {
            dtype = init.dtype();
            Halvings halvings = Halvings.of(input);
            List<Layer> layers = new ArrayList<>();
            layers.add(new Conv2d(input.channels(), size.width, KERNEL, 1, 1, true, init));
            for (int i = 1; i <= halvings.count(); i++) {
                layers.add(Layer.of(Ops::gelu));
                layers.add(new Conv2d(size.channelsAfter(i - 1), size.channelsAfter(i), KERNEL, 2, 1, true, init));
                size.addBlocks(layers, size.channelsAfter(i), init);
            }
            layers.add(Layer.of(x -> Ops.gelu(x).flatten(1)));
            int features = halvings.last().size() * size.channelsAfter(halvings.count());
            layers.add(new Linear(features, outputs, init));
            net = child("net", new Sequential(layers.toArray(Layer[]::new)));
        }

        @Override
        public Tensor forward(Tensor x) {
            return net.forward(x.to(dtype));
        }
    }

    private static final class Decoder extends Layer {
        private final Linear linear;
        private final Sequential net;
        private final int channels;
        private final Halvings.Grid grid;
        private final DType dtype;

        Decoder(ResidualVae size, int inputs, ImageShape output, Init init) {
            dtype = init.dtype();
            Halvings halvings = Halvings.of(output);
            channels = size.channelsAfter(halvings.count());
            grid = halvings.last();
            linear = child("linear", new Linear(inputs, grid.size() * channels, init));
            List<Layer> layers = new ArrayList<>();
            for (int i = halvings.count(); i >= 1; i--) {
                size.addBlocks(layers, size.channelsAfter(i), init);
                layers.add(Layer.of(Ops::gelu));
                layers.add(halvings.doubling(i, size.channelsAfter(i), size.channelsAfter(i - 1), init));
            }
            layers.add(Layer.of(Ops::gelu));
            layers.add(new Conv2d(size.channelsAfter(0), output.channels(), KERNEL, 1, 1, true, init));
            net = child("net", new Sequential(layers.toArray(Layer[]::new)));
        }

        @Override
        public Tensor forward(Tensor z) {
            return net.forward(linear.forward(z.to(dtype)).reshape(-1, channels, grid.height(), grid.width()));
        }
    }

    private static final class Block extends Layer {
        private final Conv2d first;
        private final Conv2d second;

        Block(int channels, Init init) {
            first = child("0", new Conv2d(channels, channels, KERNEL, 1, 1, true, init));
            second = child("1", new Conv2d(channels, channels, KERNEL, 1, 1, true, init.zeros()));
        }

        @Override
        public Tensor forward(Tensor x) {
            return x.add(second.forward(Ops.gelu(first.forward(Ops.gelu(x)))));
        }
    }
}
