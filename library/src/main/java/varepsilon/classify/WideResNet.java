package varepsilon.classify;

import static varepsilon.classify.Shapes.ANY;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import varepsilon.nn.BatchNorm2d;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Tensor;

/**
 * Wide residual networks (Zagoruyko and Komodakis 2016) for 32×32 images, with the names that the literature on
 * adversarial training uses. Dropout, which is the identity in evaluation mode, is left out.
 */
final class WideResNet extends Layer implements FeatureNetwork {
    static final NetworkFamily FAMILY = new Family();

    private final Conv2d conv1;
    private final List<Group> groups = new ArrayList<>();
    private final BatchNorm2d bn1;
    private final Linear fc;

    private WideResNet(WideSizes sizes, int channels, int classes, Init init) {
        conv1 = child("conv1", new Conv2d(channels, WideSizes.STEM, 3, 1, 1, false, init));
        for (int number = 0; number < WideSizes.GROUPS; number++) {
            Layer[] blocks = sizes.group(number, (in, out, stride) -> new Block(in, out, stride, init));
            groups.add(child("block" + (number + 1), new Group(blocks)));
        }
        bn1 = child("bn1", new BatchNorm2d(sizes.last(), init));
        fc = child("fc", new Linear(sizes.last(), classes, init));
    }

    @Override
    public Tensor forward(Tensor x) {
        return fc.forward(features(x));
    }

    @Override
    public Tensor features(Tensor x) {
        Tensor y = conv1.forward(x);
        for (Group group : groups) {
            y = group.forward(y);
        }
        return bn1.forward(y).relu().mean(2, 3);
    }

    private static final class Group extends Layer {
        private final Sequential layer;

        Group(Layer... blocks) {
            layer = child("layer", new Sequential(blocks));
        }

        @Override
        public Tensor forward(Tensor x) {
            return layer.forward(x);
        }
    }

    private static final class Block extends Layer {
        private final BatchNorm2d bn1;
        private final Conv2d conv1;
        private final BatchNorm2d bn2;
        private final Conv2d conv2;
        private final Conv2d convShortcut;

        Block(int in, int out, int stride, Init init) {
            bn1 = child("bn1", new BatchNorm2d(in, init));
            conv1 = child("conv1", new Conv2d(in, out, 3, stride, 1, false, init));
            bn2 = child("bn2", new BatchNorm2d(out, init));
            conv2 = child("conv2", new Conv2d(out, out, 3, 1, 1, false, init));
            convShortcut = in == out ? null : child("convShortcut", new Conv2d(in, out, 1, stride, 0, false, init));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor activated = bn1.forward(x).relu();
            Tensor y = conv2.forward(bn2.after(conv1, activated).relu());
            return y.add(convShortcut == null ? x : convShortcut.forward(activated));
        }
    }

    private static final class Family implements NetworkFamily {
        private static final String SUFFIX = "";
        private static final Pattern BLOCK = Pattern.compile("block1\\.layer\\.\\d{1,4}\\.conv1\\.weight");

        @Override
        public List<String> names() {
            return List.of("wideresnet-28-10", "wideresnet-34-10", "wideresnet-70-16 (any depth and width)");
        }

        @Override
        public boolean has(String name) {
            return WideSizes.in(name, SUFFIX).isPresent();
        }

        @Override
        public Optional<String> recognise(Shapes shapes) {
            return WideSizes.recognise(shapes, "block1.layer.0.conv1.weight", BLOCK, SUFFIX);
        }

        @Override
        public Sizes sizes(String name, Shapes shapes) {
            WideSizes wide = WideSizes.of(name, SUFFIX);
            for (int group = 0; group < WideSizes.GROUPS; group++) {
                for (int i = 0; i < wide.blocks(); i++) {
                    String block = "block" + (group + 1) + ".layer." + i;
                    wide.require(shapes, group, i, block + ".conv1.weight", block + ".conv2.weight");
                }
            }
            int channels = shapes.sizeIn("conv1.weight", WideSizes.STEM, ANY, 3, 3);
            int classes = shapes.sizeIn("fc.weight", ANY, wide.last());
            return new Sizes(channels, classes, usualSide(name));
        }

        /** The code published with TRADES has a second first group that it does not use. */
        @Override
        public boolean isUnused(String tensor) {
            return tensor.startsWith("sub_block1.");
        }

        @Override
        public Layer create(Architecture architecture, Init init) {
            WideSizes sizes = WideSizes.of(architecture.name(), SUFFIX);
            return new WideResNet(sizes, architecture.channels(), architecture.classes(), init);
        }
    }
}
