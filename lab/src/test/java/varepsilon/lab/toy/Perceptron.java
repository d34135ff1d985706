package varepsilon.lab.toy;

import java.util.List;
import java.util.Optional;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkFamily;
import varepsilon.classify.Shapes;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.tensor.Tensor;

/** An architecture that the product does not have: one linear layer over the pixels of grey images. */
public final class Perceptron implements NetworkFamily {
    private static final String NAME = "perceptron";
    private static final String WEIGHT = "linear.weight";

    @Override
    public List<String> names() {
        return List.of(NAME);
    }

    @Override
    public Optional<String> recognise(Shapes shapes) {
        return shapes.has(WEIGHT) ? Optional.of(NAME) : Optional.empty();
    }

    @Override
    public Sizes sizes(String name, Shapes shapes) {
        int classes = shapes.sizeIn("linear.bias", Shapes.ANY);
        int pixels = shapes.sizeIn(WEIGHT, classes, Shapes.ANY);
        return new Sizes(1, classes, (int) Math.round(Math.sqrt(pixels)));
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
    public Layer create(Architecture architecture, Init init) {
        return new Network(architecture.side() * architecture.side(), architecture.classes(), init);
    }

    private static final class Network extends Layer {
        private final Linear linear;

        Network(int pixels, int classes, Init init) {
            linear = child("linear", new Linear(pixels, classes, init));
        }

        @Override
        public Tensor forward(Tensor x) {
            return linear.forward(x.flatten(1));
        }
    }
}
