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
 * {@code -no-norm}, as pytorch-cifar has it, that last normalisation and its activation are missing.
 */
final class PreActResNet18 extends Layer implements FeatureNetwork {
    static final NetworkFamily FAMILY = new Family();

    private static final String NAME = "preactresnet18";
    private static final String WITHOUT_NORM = NAME + "-no-norm";

    private final Conv2d conv1;
    private final Sequential layer1;
    private final Sequential layer2;
    private final Sequential layer3;
    private final Sequential layer4;
    private final BatchNorm2d bn;
    private final Linear linear;

    private PreActResNet18(boolean norm, int channels, int classes, Init init) {
        conv1 = child("conv1", new Conv2d(channels, 64, 3, 1, 1, false, init));
        layer1 = child("layer1", new Sequential(new Block(64, 64, 1, init), new Block(64, 64, 1, init)));
        layer2 = child("layer2", new Sequential(new Block(64, 128, 2, init), new Block(128, 128, 1, init)));
        layer3 = child("layer3", new Sequential(new Block(128, 256, 2, init), new Block(256, 256, 1, init)));
        layer4 = child("layer4", new Sequential(new Block(256, 512, 2, init), new Block(512, 512, 1, init)));
        bn = norm ? child("bn", new BatchNorm2d(512, init)) : null;
        linear = child("linear", new Linear(512, classes, init));
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

        Block(int in, int out, int stride, Init init) {
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
            return y.add(shortcut == null ? x : shortcut.forward(activated));
        }
    }

    private static final class Family implements NetworkFamily {
        @Override
        public List<String> names() {
            return List.of(NAME, WITHOUT_NORM);
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
            boolean norm = architecture.name().equals(NAME);
            return new PreActResNet18(norm, architecture.channels(), architecture.classes(), init);
        }
    }
}
