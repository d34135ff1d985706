package varepsilon.classify;

import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Tensor;

/** Two convolutions of stride 2 and two linear layers, for 28×28 grey images: small enough to train in a minute. */
final class SmallCnn extends Layer {
    private final Sequential net;

    SmallCnn(int classes, Init init) {
        net = child(
                "net",
                new Sequential(
                        new Conv2d(1, 16, 4, 2, 1, true, init), // 28 → 14
                        Layer.of(Tensor::relu),
                        new Conv2d(16, 32, 4, 2, 1, true, init), // 14 → 7
                        Layer.of(Tensor::relu),
                        Layer.of(x -> x.flatten(1)),
                        new Linear(32 * 7 * 7, 100, init),
                        Layer.of(Tensor::relu),
                        new Linear(100, classes, init)));
    }

    @Override
    public Tensor forward(Tensor x) {
        return net.forward(x);
    }
}
