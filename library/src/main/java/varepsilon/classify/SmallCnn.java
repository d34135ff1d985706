package varepsilon.classify;

import static varepsilon.classify.Shapes.ANY;

import java.util.List;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Tensor;

/** Two convolutions of stride 2 and two linear layers: small enough to train in a minute. */
final class SmallCnn extends Layer implements FeatureNetwork {
    static final NetworkFamily FAMILY = new Family();

    private static final String NAME = "small-cnn";
    /** Ratio of the image's side to that of the last feature map. */
    private static final int REDUCTION = 4;

    private static final int KERNEL = 4;
    private static final int FILTERS = 16;
    private static final int HIDDEN = 100;
    /** Index of the last layer. */
    private static final int LAST = 7;

    private final Sequential net;

    /** @param side of the square images, a multiple of {@link #REDUCTION} */
    private SmallCnn(int channels, int side, int classes, Init init) {
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

    /** The number of features after the convolutions. */
    private static int features(int side) {
        int reduced = side / REDUCTION;
        return 2 * FILTERS * reduced * reduced;
    }

    @Override
    public Tensor forward(Tensor x) {
        return net.forward(x);
    }

    @Override
    public Tensor features(Tensor x) {
        return net.forward(x, LAST);
    }

    private static final class Family implements NetworkFamily {
        private static final String FIRST = "net.0.weight";
        private static final String WIDE = "net.5.weight";

        @Override
        public List<String> names() {
            return List.of(NAME);
        }

        @Override
        public Optional<String> recognise(Shapes shapes) {
            return shapes.has(FIRST) && shapes.has(WIDE) ? Optional.of(NAME) : Optional.empty();
        }

        @Override
        public Sizes sizes(String name, Shapes shapes) {
            int channels = shapes.sizeIn(FIRST, FILTERS, ANY, KERNEL, KERNEL);
            int classes = shapes.sizeIn("net.7.weight", ANY, HIDDEN);
            int features = shapes.sizeIn(WIDE, HIDDEN, ANY);
            int side = REDUCTION * (int) Math.round(Math.sqrt(features / (2.0 * FILTERS)));
            if (features(side) != features) {
                throw new InputException("'" + WIDE + "' takes " + features + " numbers; expected " + 2 * FILTERS
                        + "·n² of them, for square images of 4n×4n pixels");
            }
            return new Sizes(channels, classes, side);
        }

        @Override
        public int usualSide(String name) {
            return 28;
        }

        @Override
        public boolean takesAnySide() {
            return false;
        }

        @Override
        public void requireSide(String name, int side) {
            if (side < REDUCTION || side % REDUCTION != 0) {
                throw new InputException("a " + name + " for images of " + side + "×" + side
                        + " pixels: expected a multiple of " + REDUCTION);
            }
        }

        @Override
        public Layer create(Architecture architecture, Init init) {
            return new SmallCnn(architecture.channels(), architecture.side(), architecture.classes(), init);
        }
    }
}
