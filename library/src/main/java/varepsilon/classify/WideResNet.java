package varepsilon.classify;

import static varepsilon.classify.Shapes.ANY;

import java.util.ArrayList;
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
import varepsilon.tensor.Tensor;

/**
 * Wide residual networks (Zagoruyko and Komodakis 2016) for 32×32 images, with the names that the literature on
 * adversarial training uses: {@code wideresnet-28-10} is 28 layers deep, three groups of (28 − 4) / 6 blocks, and ten
 * times as wide as 16, 32 and 64 channels. Dropout, which is the identity in evaluation mode, is left out.
 */
final class WideResNet extends Layer implements FeatureNetwork {
    static final NetworkFamily FAMILY = new Family();
    private static final int STEM = 16;
    private static final int GROUPS = 3;

    private final Conv2d conv1;
    private final List<Group> groups = new ArrayList<>();
    private final BatchNorm2d bn1;
    private final Linear fc;

    private WideResNet(int blocks, int factor, int channels, int classes, Init init) {
        conv1 = child("conv1", new Conv2d(channels, STEM, 3, 1, 1, false, init));
        int in = STEM;
        for (int number = 0; number < GROUPS; number++) {
            int out = width(factor, number);
            groups.add(child("block" + (number + 1), new Group(in, out, blocks, number == 0 ? 1 : 2, init)));
            in = out;
        }
        bn1 = child("bn1", new BatchNorm2d(in, init));
        fc = child("fc", new Linear(in, classes, init));
    }

    private static int width(int factor, int group) {
        return (STEM << group) * factor;
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

        Group(int in, int out, int blocks, int stride, Init init) {
            Layer[] layers = new Layer[blocks];
            for (int i = 0; i < blocks; i++) {
                layers[i] = new Block(i == 0 ? in : out, out, i == 0 ? stride : 1, init);
            }
            layer = child("layer", new Sequential(layers));
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
        private static final Pattern NAME = Pattern.compile("wideresnet-(\\d{2,3})-(\\d{1,2})");
        private static final Pattern BLOCK = Pattern.compile("block1\\.layer\\.\\d{1,4}\\.conv1\\.weight");

        @Override
        public List<String> names() {
            return List.of("wideresnet-28-10", "wideresnet-34-10", "wideresnet-70-16 (any depth and width)");
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
            long[] first = shapes.byName().get("block1.layer.0.conv1.weight");
            if (first == null || first.length == 0 || first[0] % STEM != 0) {
                return Optional.empty();
            }
            return Optional.of("wideresnet-" + (6 * shapes.count(BLOCK) + 4) + "-" + first[0] / STEM);
        }

        @Override
        public Sizes sizes(String name, Shapes shapes) {
            Matcher parts = parts(name);
            int factor = factor(parts);
            for (int group = 0; group < GROUPS; group++) {
                int in = group == 0 ? STEM : width(factor, group - 1);
                int out = width(factor, group);
                for (int i = 0; i < blocks(parts); i++) {
                    String block = "block" + (group + 1) + ".layer." + i;
                    shapes.require(block + ".conv1.weight", out, i == 0 ? in : out, 3, 3);
                    shapes.require(block + ".conv2.weight", out, out, 3, 3);
                }
            }
            int channels = shapes.sizeIn("conv1.weight", STEM, ANY, 3, 3);
            int classes = shapes.sizeIn("fc.weight", ANY, width(factor, GROUPS - 1));
            return new Sizes(channels, classes, usualSide(name));
        }

        /** The code published with TRADES has a second first group that it does not use. */
        @Override
        public boolean isUnused(String tensor) {
            return tensor.startsWith("sub_block1.");
        }

        @Override
        public Layer create(Architecture architecture, Init init) {
            Matcher parts = parts(architecture.name());
            return new WideResNet(blocks(parts), factor(parts), architecture.channels(), architecture.classes(), init);
        }
    }
}
