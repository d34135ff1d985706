package varepsilon.classify;

import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Tensor;

/** Two convolutions of stride 2 and two linear layers: small enough to train in a minute. */
final class SmallCnn extends Layer {
    /** How much smaller than the image's the side of the last feature map is. */
    static final int REDUCTION = 4;

    static final int KERNEL = 4;
    static final int FILTERS = 16;
    static final int HIDDEN = 100;

    private final Sequential net;

    /** @param side of the square images, a multiple of {@link #REDUCTION} */
    SmallCnn(int channels, int side, int classes, Init init) {
        int features = features(side);
        net = child(
                "net",
                new Sequential(
                        new Conv2d(channels, FILTERS, KERNEL, 2, 1, true, init),
                        Layer.of(Tensor::relu),
                        new Conv2d(FILTERS, 2 * FILTERS, KERNEL, 2, 1, true, init),
                        Layer.of(Tensor::relu),
                        Layer.of(x -> x.flatten(1)),
                        new Linear(features, HIDDEN, init),
                        Layer.of(Tensor::relu),
                        new Linear(HIDDEN, classes, init)));
    }

    /** Numbers that the convolutions leave of an image. */
    static int features(int side) {
        int reduced = side / REDUCTION;
        return 2 * FILTERS * reduced * reduced;
    }

    @Override
    public Tensor forward(Tensor x) {
        return net.forward(x);
    }
}
