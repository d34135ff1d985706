package varepsilon.classify;

import static varepsilon.classify.Shapes.ANY;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import varepsilon.nn.BatchNorm2d;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;

/**
 * Wide residual networks with x·sigmoid(x) in the place of ReLU, as Gowal et al. 2020, "Uncovering the limits of
 * adversarial training", and most robust networks since have them; {@code wideresnet-28-10-swish} is as deep and as wide
 * as {@link WideResNet} says. Its tensors have the names of that work's published weights, which RobustBench keeps.
 * Convolutions of stride 2 are padded below and on the right only.
 */
final class SwishWideResNet extends Layer implements FeatureNetwork {
    static final NetworkFamily FAMILY = new Family();
    private static final int STEM = 16;
    private static final int GROUPS = 3;

    private final Conv2d initConv;
    private final Sequential layer;
    private final BatchNorm2d batchnorm;
    private final Linear logits;

    private SwishWideResNet(int blocks, int factor, int channels, int classes, Init init) {
        initConv = child("init_conv", new Conv2d(channels, STEM, 3, 1, 1, false, init));
        Layer[] groups = new Layer[GROUPS];
        int in = STEM;
        for (int number = 0; number < GROUPS; number++) {
            int out = width(factor, number);
            groups[number] = new Group(in, out, blocks, number == 0 ? 1 : 2, init);
            in = out;
        }
        layer = child("layer", new Sequential(groups));
        batchnorm = child("batchnorm", new BatchNorm2d(in, init));
        logits = child("logits", new Linear(in, classes, init));
    }

    private static int width(int factor, int group) {
        return (STEM << group) * factor;
    }

    static Tensor swish(Tensor x) {
        return x.mul(x.sigmoid());
    }

    @Override
    public Tensor forward(Tensor x) {
        return logits.forward(features(x));
    }

    @Override
    public Tensor features(Tensor x) {
        return swish(batchnorm.forward(layer.forward(initConv.forward(x)))).mean(2, 3);
    }

    private static final class Group extends Layer {
        private final Sequential block;

        Group(int in, int out, int blocks, int stride, Init init) {
            Layer[] layers = new Layer[blocks];
            for (int i = 0; i < blocks; i++) {
                layers[i] = new Block(i == 0 ? in : out, out, i == 0 ? stride : 1, init);
            }
            block = child("block", new Sequential(layers));
        }

        @Override
        public Tensor forward(Tensor x) {
            return block.forward(x);
        }
    }

    private static final class Block extends Layer {
        private final BatchNorm2d batchnorm0;
        private final Conv2d conv0;
        private final BatchNorm2d batchnorm1;
        private final Conv2d conv1;
        private final Conv2d shortcut;
        private final boolean halves;

        Block(int in, int out, int stride, Init init) {
            halves = stride == 2;
            batchnorm0 = child("batchnorm_0", new BatchNorm2d(in, init));
            conv0 = child("conv_0", new Conv2d(in, out, 3, stride, halves ? 0 : 1, false, init));
            batchnorm1 = child("batchnorm_1", new BatchNorm2d(out, init));
            conv1 = child("conv_1", new Conv2d(out, out, 3, 1, 1, false, init));
            shortcut = in == out ? null : child("shortcut", new Conv2d(in, out, 1, stride, 0, false, init));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor activated = swish(batchnorm0.forward(x));
            Tensor y = swish(batchnorm1.after(conv0, halves ? Ops.padEnd(activated, 1, 1) : activated));
            return conv1.forward(y).add(shortcut == null ? x : shortcut.forward(activated));
        }
    }

    private static final class Family implements NetworkFamily {
        private static final Pattern NAME = Pattern.compile("wideresnet-(\\d{2,3})-(\\d{1,2})-swish");
        private static final Pattern BLOCK = Pattern.compile("layer\\.0\\.block\\.\\d{1,4}\\.conv_0\\.weight");

        @Override
        public List<String> names() {
            return List.of("wideresnet-28-10-swish (any depth and width)");
        }

        @Override
        public boolean has(String name) {
            Matcher parts = NAME.matcher(name);
            return parts.matches() && blocks(parts) >= 1 && depth(parts) == 6 * blocks(parts) + 4 && factor(parts) >= 1;
        }

        private static int depth(Matcher parts) {
            return Integer.parseInt(parts.group(1));
        }

        private static int blocks(Matcher parts) {
            return (depth(parts) - 4) / 6;
        }

        private static int factor(Matcher parts) {
            return Integer.parseInt(parts.group(2));
        }

        private static Matcher parts(String name) {
            Matcher parts = NAME.matcher(name);
            if (!parts.matches()) {
                throw new IllegalArgumentException(name);
            }
            return parts;
        }

        @Override
        public Optional<String> recognise(Shapes shapes) {
            long[] first = shapes.byName().get("layer.0.block.0.conv_0.weight");
            if (first == null || first.length == 0 || first[0] % STEM != 0) {
                return Optional.empty();
            }
            return Optional.of("wideresnet-" + (6 * shapes.count(BLOCK) + 4) + "-" + first[0] / STEM + "-swish");
        }

        @Override
        public Sizes sizes(String name, Shapes shapes) {
            Matcher parts = parts(name);
            int factor = factor(parts);
            for (int group = 0; group < GROUPS; group++) {
                int in = group == 0 ? STEM : width(factor, group - 1);
                int out = width(factor, group);
                for (int i = 0; i < blocks(parts); i++) {
                    String block = "layer." + group + ".block." + i;
                    shapes.require(block + ".conv_0.weight", out, i == 0 ? in : out, 3, 3);
                    shapes.require(block + ".conv_1.weight", out, out, 3, 3);
                }
            }
            int channels = shapes.sizeIn("init_conv.weight", STEM, ANY, 3, 3);
            int classes = shapes.sizeIn("logits.weight", ANY, width(factor, GROUPS - 1));
            return new Sizes(channels, classes, usualSide(name));
        }

        @Override
        public Layer create(Architecture architecture, Init init) {
            Matcher parts = parts(architecture.name());
            return new SwishWideResNet(
                    blocks(parts), factor(parts), architecture.channels(), architecture.classes(), init);
        }
    }
}
