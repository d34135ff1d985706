package varepsilon.classify;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import varepsilon.nn.Layer;

/**
 * How deep and how wide a wide residual network is: {@code wideresnet-28-10} is 28 layers deep, three groups of
 * (28 − 4) / 6 blocks, and ten times as wide as 16, 32 and 64 channels.
 *
 * @param blocks of each group
 * @param factor how many times as wide
 */
record WideSizes(int blocks, int factor) {
    /** Channels of the first convolution. */
    static final int STEM = 16;

    static final int GROUPS = 3;

    private static final Pattern NAME = Pattern.compile("wideresnet-(\\d{2,3})-(\\d{1,2})(.*)");

    /** Makes one block of a group, from its channels before and after, and its stride. */
    interface Block {
        Layer of(int in, int out, int stride);
    }

    /** Those in a name that ends in {@code suffix}; empty where it is no such name. */
    static Optional<WideSizes> in(String name, String suffix) {
        Matcher parts = NAME.matcher(name);
        if (!parts.matches() || !parts.group(3).equals(suffix)) {
            return Optional.empty();
        }
        int depth = Integer.parseInt(parts.group(1));
        WideSizes sizes = new WideSizes((depth - 4) / 6, Integer.parseInt(parts.group(2)));
        boolean whole = sizes.depth() == depth && sizes.blocks >= 1 && sizes.factor >= 1;
        return whole ? Optional.of(sizes) : Optional.empty();
    }

    /** Those in a name that has them. */
    static WideSizes of(String name, String suffix) {
        return in(name, suffix).orElseThrow(() -> new IllegalArgumentException(name));
    }

    /**
     * The name of the network with these tensors; empty where they are none's.
     *
     * @param first name of the first convolution of the first block
     * @param block that of every block of the first group
     */
    static Optional<String> recognise(Shapes shapes, String first, Pattern block, String suffix) {
        long[] shape = shapes.byName().get(first);
        if (shape == null || shape.length == 0 || shape[0] % STEM != 0) {
            return Optional.empty();
        }
        return Optional.of(
                "wideresnet-" + new WideSizes(shapes.count(block), 1).depth() + "-" + shape[0] / STEM + suffix);
    }

    private int depth() {
        return 6 * blocks + 4;
    }

    /** Channels that a group, from 0, gives. */
    int width(int group) {
        return (STEM << group) * factor;
    }

    /** Channels that the last group gives. */
    int last() {
        return width(GROUPS - 1);
    }

    private int before(int group) {
        return group == 0 ? STEM : width(group - 1);
    }

    /** The blocks of a group. */
    Layer[] group(int group, Block block) {
        Layer[] layers = new Layer[blocks];
        for (int i = 0; i < blocks; i++) {
            layers[i] = i == 0
                    ? block.of(before(group), width(group), group == 0 ? 1 : 2)
                    : block.of(width(group), width(group), 1);
        }
        return layers;
    }

    /**
     * Checks a block's two convolutions of 3×3.
     *
     * @throws varepsilon.base.InputException where one is missing or of another shape
     */
    void require(Shapes shapes, int group, int block, String first, String second) {
        int out = width(group);
        shapes.require(first, out, block == 0 ? before(group) : out, 3, 3);
        shapes.require(second, out, out, 3, 3);
    }
}
