package varepsilon.classify;

import static varepsilon.classify.Shapes.ANY;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import varepsilon.nn.BatchNorm2d;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

/**
 * {@link PreActResNet18} with x·sigmoid(x) in the place of ReLU, as Rebuffi et al. 2021, "Fixing data augmentation to
 * improve adversarial robustness", and later work have it, with the names of their published weights. Its shortcuts are
 * 3×3 convolutions of the block's input, which is not activated; convolutions of stride 2 are padded below and on the
 * right only.
 */
final class SwishPreActResNet18 extends Layer implements FeatureNetwork {
    static final NetworkFamily FAMILY = new Family();
    private static final int WIDTH = 64;
    private static final int STAGES = 4;

    private final Conv2d conv;
    private final List<Sequential> layers = new ArrayList<>();
    private final BatchNorm2d batchnorm;
    private final Linear logits;

    private SwishPreActResNet18(int channels, int classes, Init init) {
        conv = child("conv_2d", new Conv2d(channels, WIDTH, 3, 1, 1, false, init));
        int in = WIDTH;
        for (int stage = 0; stage < STAGES; stage++) {
            int out = WIDTH << stage;
            layers.add(child(
                    "layer_" + stage,
                    new Sequential(new Block(in, out, stage == 0 ? 1 : 2, init), new Block(out, out, 1, init))));
            in = out;
        }
        batchnorm = child("batchnorm", new BatchNorm2d(in, init));
        logits = child("logits", new Linear(in, classes, init));
    }

    @Override
    public Tensor forward(Tensor x) {
        return logits.forward(features(x));
    }

    @Override
    public Tensor features(Tensor x) {
        Tensor y = conv.forward(x);
        for (Sequential layer : layers) {
            y = layer.forward(y);
        }
        return SwishWideResNet.swish(batchnorm.forward(y)).mean(2, 3);
    }

    private static final class Block extends Layer {
        private final BatchNorm2d batchnorm0;
        private final Conv2d conv1;
        private final BatchNorm2d batchnorm1;
        private final Conv2d conv2;
        private final Conv2d shortcut;

        Block(int in, int out, int stride, Init init) {
            int padding = stride == 2 ? 0 : 1;
            batchnorm0 = child("batchnorm_0", new BatchNorm2d(in, init));
            conv1 = child("conv_2d_1", new Conv2d(in, out, 3, stride, padding, false, init));
            batchnorm1 = child("batchnorm_1", new BatchNorm2d(out, init));
            conv2 = child("conv_2d_2", new Conv2d(out, out, 3, 1, 1, false, init));
            shortcut = stride == 1 ? null : child("shortcut", new Conv2d(in, out, 3, stride, padding, false, init));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor activated = SwishWideResNet.swish(batchnorm0.forward(x));
            Tensor into = shortcut == null ? activated : Ops.padEnd(activated, 1, 1);
            Tensor y = conv2.forward(SwishWideResNet.swish(batchnorm1.after(conv1, into)));
            return y.add(shortcut == null ? x : shortcut.forward(Ops.padEnd(x, 1, 1)));
        }
    }

    private static final class Family implements NetworkFamily {
        private static final String NAME = "preactresnet18-swish";

        @Override
        public List<String> names() {
            return List.of(NAME);
        }

        @Override
        public Optional<String> recognise(Shapes shapes) {
            return shapes.has("layer_3.1.conv_2d_1.weight") && !shapes.has("layer_2.2.conv_2d_1.weight")
                    ? Optional.of(NAME)
                    : Optional.empty();
        }

        @Override
        public Sizes sizes(String name, Shapes shapes) {
            for (int stage = 0; stage < STAGES; stage++) {
                int width = WIDTH << stage;
                shapes.require("layer_" + stage + ".1.conv_2d_2.weight", width, width, 3, 3);
            }
            int channels = shapes.sizeIn("conv_2d.weight", WIDTH, ANY, 3, 3);
            return new Sizes(channels, shapes.sizeIn("logits.weight", ANY, WIDTH << (STAGES - 1)), usualSide(name));
        }

        @Override
        public Layer create(Architecture architecture, Init init) {
            return new SwishPreActResNet18(architecture.channels(), architecture.classes(), init);
        }
    }
}
