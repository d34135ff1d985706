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
 * The published convolutional networks. The encoder halves the image, rounding up, by convolutions of stride 2 until
 * neither side is above 4, with a convolution of stride 1 between any two of them; the decoder is its mirror image, with
 * exact GELU between all of them. The first and the last have F channels, the deeper ones 2F. For 28×28 images: 28, 14,
 * 7, 4, five convolutions.
 *
 * @param filters channels of the first convolutions, F; the deeper ones have 2F
 */
@Named(value = "conv-vae", help = "convolutions of stride 2, the published networks")
public record ConvVae(
        @Parameter(value = "channels of the first convolutions", min = 1, max = 4096)
        int filters) implements VaeNetwork {
    /** Side of the images of the published model, in pixels. */
    public static final int SIDE = 28;

    private static final int KERNEL = 3;

    /** Rejects counts out of range. */
    public ConvVae {
        Declared.check(ConvVae.class, filters);
    }

    /** The published size. */
    public ConvVae() {
        this(32);
    }

    /** Channels after so many convolutions of stride 2, at least one. */
    private int channelsAfter(int halvings) {
        return halvings == 1 ? filters : 2 * filters;
    }

    @Override
    public Layer encoder(ImageShape input, int outputs, Init init) {
        return new Encoder(this, input, outputs, init);
    }

    @Override
    public Layer decoder(int inputs, ImageShape output, Init init) {
        return new Decoder(this, inputs, output, init);
    }

    private static Layer gelu() {
        return Layer.of(Ops::gelu);
    }

    private static final class Encoder extends Layer {
        private final Sequential net;
        private final DType dtype;

        Encoder(ConvVae size, ImageShape input, int outputs, Init init) {
            dtype = init.dtype();
            Halvings halvings = Halvings.of(input);
            List<Layer> layers = new ArrayList<>();
            for (int i = 1; i <= halvings.count(); i++) {
                int from = i == 1 ? input.channels() : size.channelsAfter(i - 1);
                if (i > 1) {
                    layers.add(new Conv2d(from, from, KERNEL, 1, 1, true, init));
                    layers.add(gelu());
                }
                layers.add(new Conv2d(from, size.channelsAfter(i), KERNEL, 2, 1, true, init));
                layers.add(gelu());
            }
            layers.add(Layer.of(x -> x.flatten(1)));
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
        private final Sequential linear;
        private final Sequential net;
        private final int channels;
        private final Halvings.Grid grid;
        private final DType dtype;

        Decoder(ConvVae size, int inputs, ImageShape output, Init init) {
            dtype = init.dtype();
            Halvings halvings = Halvings.of(output);
            channels = size.channelsAfter(halvings.count());
            grid = halvings.last();
            linear = child("linear", new Sequential(new Linear(inputs, grid.size() * channels, init), gelu()));
            List<Layer> layers = new ArrayList<>();
            for (int i = halvings.count(); i >= 1; i--) {
                int to = i == 1 ? output.channels() : size.channelsAfter(i - 1);
                layers.add(halvings.doubling(i, size.channelsAfter(i), to, init));
                if (i > 1) {
                    layers.add(gelu());
                    layers.add(new Conv2d(to, to, KERNEL, 1, 1, true, init));
                    layers.add(gelu());
                }
            }
            net = child("net", new Sequential(layers.toArray(Layer[]::new)));
        }

        @Override
        public Tensor forward(Tensor z) {
            return net.forward(linear.forward(z.to(dtype)).reshape(-1, channels, grid.height(), grid.width()));
        }
    }
}
