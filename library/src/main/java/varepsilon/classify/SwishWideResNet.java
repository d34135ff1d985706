package varepsilon.classify;

import static varepsilon.classify.Shapes.ANY;

import java.util.List;
import java.util.Optional;
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
 * adversarial training", and most robust networks since have them; {@code wideresnet-28-10-swish} is as deep and as
 * wide as {@link WideSizes} says. Its tensors have the names of that work's published weights, which RobustBench keeps.
 * Convolutions of stride 2 are padded below and on the right only.
 */
final class SwishWideResNet extends Layer implements FeatureNetwork {
    static final NetworkFamily FAMILY = new Family();

    private final Conv2d initConv;
    private final Sequential layer;
    private final BatchNorm2d batchnorm;
    private final Linear logits;

    private SwishWideResNet(WideSizes sizes, int channels, int classes, Init init) {
        initConv = child("init_conv", new Conv2d(channels, WideSizes.STEM, 3, 1, 1, false, init));
        Layer[] groups = new Layer[WideSizes.GROUPS];
        for (int number = 0; number < WideSizes.GROUPS; number++) {
            groups[number] = new Group(sizes.group(number, (in, out, stride) -> new Block(in, out, stride, init)));
        }
        layer = child("layer", new Sequential(groups));
        batchnorm = child("batchnorm", new BatchNorm2d(sizes.last(), init));
        logits = child("logits", new Linear(sizes.last(), classes, init));
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

        Group(Layer... blocks) {
            block = child("block", new Sequential(blocks));
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
        private static final String SUFFIX = "-swish";
        private static final Pattern BLOCK = Pattern.compile("layer\\.0\\.block\\.\\d{1,4}\\.conv_0\\.weight");

        @Override
        public List<String> names() {
            return List.of("wideresnet-28-10-swish (any depth and width)");
        }

        @Override
        public boolean has(String name) {
            return WideSizes.in(name, SUFFIX).isPresent();
        }

        @Override
        public Optional<String> recognise(Shapes shapes) {
            return WideSizes.recognise(shapes, "layer.0.block.0.conv_0.weight", BLOCK, SUFFIX);
        }

        @Override
        public Sizes sizes(String name, Shapes shapes) {
            WideSizes wide = WideSizes.of(name, SUFFIX);
            for (int group = 0; group < WideSizes.GROUPS; group++) {
                for (int i = 0; i < wide.blocks(); i++) {
                    String block = "layer." + group + ".block." + i;
                    wide.require(shapes, group, i, block + ".conv_0.weight", block + ".conv_1.weight");
                }
            }
            int channels = shapes.sizeIn("init_conv.weight", WideSizes.STEM, ANY, 3, 3);
            int classes = shapes.sizeIn("logits.weight", ANY, wide.last());
            return new Sizes(channels, classes, usualSide(name));
        }

        @Override
        public Layer create(Architecture architecture, Init init) {
            WideSizes sizes = WideSizes.of(architecture.name(), SUFFIX);
            return new SwishWideResNet(sizes, architecture.channels(), architecture.classes(), init);
        }
    }
}
