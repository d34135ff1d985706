package varepsilon.classify;

import static varepsilon.classify.Shapes.ANY;

import java.util.List;
import java.util.Optional;
import varepsilon.nn.BatchNorm2d;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Tensor;

/**
 * ResNet-18 with activations before the convolutions (He et al. 2016, "Identity mappings") for 32×32 images, as the
 * literature on adversarial training uses it: no pooling in the stem, a last batch normalisation before the mean. With
 * {@code -no-norm}, as pytorch-cifar has it, that last normalisation and its activation are missing. The convolution of
 * a shortcut takes the block's input after its normalisation and activation; with {@code -raw-shortcut}, as Wong et al.
 * 2020, "Fast is better than free", have it, the input itself.
 */
final class PreActResNet18 extends Layer implements FeatureNetwork {
    static final NetworkFamily FAMILY = new Family();

    private static final String NAME = "preactresnet18";
    private static final String WITHOUT_NORM = NAME + "-no-norm";
    private static final String RAW_SHORTCUT = "-raw-shortcut";

    private final Conv2d conv1;
    private final Sequential layer1;
    private final Sequential layer2;
    private final Sequential layer3;
    private final Sequential layer4;
    private final BatchNorm2d bn;
    private final Linear linear;

    private PreActResNet18(boolean norm, boolean raw, int channels, int classes, Init init) {
        conv1 = child("conv1", new Conv2d(channels, 64, 3, 1, 1, false, init));
        layer1 = child("layer1", stage(64, 64, 1, raw, init));
        layer2 = child("layer2", stage(64, 128, 2, raw, init));
        layer3 = child("layer3", stage(128, 256, 2, raw, init));
        layer4 = child("layer4", stage(256, 512, 2, raw, init));
        bn = norm ? child("bn", new BatchNorm2d(512, init)) : null;
        linear = child("linear", new Linear(512, classes, init));
    }

    private static Sequential stage(int in, int out, int stride, boolean raw, Init init) {
        return new Sequential(new Block(in, out, stride, raw, init), new Block(out, out, 1, raw, init));
    }

    @Override
    public Tensor forward(Tensor x) {
        return linear.forward(features(x));
    }

    @Override
    public Tensor features(Tensor x) {
        Tensor y = layer4.forward(layer3.forward(layer2.forward(layer1.forward(conv1.forward(x)))));
        return (bn == null ? y : bn.forward(y).relu()).mean(2, 3);
    }

    private static final class Block extends Layer {
        private final BatchNorm2d bn1;
        private final Conv2d conv1;
        private final BatchNorm2d bn2;
        private final Conv2d conv2;
        private final Sequential shortcut;
        private final boolean raw;

        Block(int in, int out, int stride, boolean raw, Init init) {
            this.raw = raw;
            bn1 = child("bn1", new BatchNorm2d(in, init));
            conv1 = child("conv1", new Conv2d(in, out, 3, stride, 1, false, init));
            bn2 = child("bn2", new BatchNorm2d(out, init));
            conv2 = child("conv2", new Conv2d(out, out, 3, 1, 1, false, init));
            shortcut = stride == 1 && in == out
                    ? null
                    : child("shortcut", new Sequential(new Conv2d(in, out, 1, stride, 0, false, init)));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor activated = bn1.forward(x).relu();
            Tensor y = conv2.forward(bn2.after(conv1, activated).relu());
            return y.add(shortcut == null ? x : shortcut.forward(raw ? x : activated));
        }
    }

    private static final class Family implements NetworkFamily {
        @Override
        public List<String> names() {
            return List.of(NAME, WITHOUT_NORM, NAME + RAW_SHORTCUT, WITHOUT_NORM + RAW_SHORTCUT);
        }

        @Override
        public boolean haveSameWeights(String name, String other) {
            return name.startsWith(WITHOUT_NORM) == other.startsWith(WITHOUT_NORM);
        }

        @Override
        public Optional<String> doubt(String name) {
            return name.endsWith(RAW_SHORTCUT)
                    ? Optional.empty()
                    : Optional.of(
                            "shortcuts that take a block's activated input, which no weights show; if they take the"
                                    + " input itself, state the architecture " + name + RAW_SHORTCUT);
        }

        @Override
        public Optional<String> recognise(Shapes shapes) {
            if (!shapes.has("layer4.0.conv1.weight") || shapes.has("bn1.weight")) {
                return Optional.empty();
            }
            return Optional.of(shapes.has("bn.weight") ? NAME : WITHOUT_NORM);
        }

        @Override
        public Sizes sizes(String name, Shapes shapes) {
            int channels = shapes.sizeIn("conv1.weight", 64, ANY, 3, 3);
            return new Sizes(channels, shapes.sizeIn("linear.weight", ANY, 512), usualSide(name));
        }

        @Override
        public Layer create(Architecture architecture, Init init) {
            String name = architecture.name();
            return new PreActResNet18(
                    !name.startsWith(WITHOUT_NORM),
                    name.endsWith(RAW_SHORTCUT),
                    architecture.channels(),
                    architecture.classes(),
                    init);
        }
    }
}
