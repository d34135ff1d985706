package varepsilon.classify;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import varepsilon.data.ImageSet;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.tensor.InputException;

/**
 * What a network looks like, as its weight file's metadata tell it.
 *
 * @param name one of {@link #NAMES}
 * @param classes the number of logits, at least 2
 * @param side of the square images that it is made for, in pixels; residual networks average over what is left of an
 *     image and so take others too
 * @param normalisation what the network's input is shifted and scaled by, one value a colour channel
 */
public record Architecture(String name, int classes, int side, Normalisation normalisation) {
    /** The networks that can be made. */
    public static final List<String> NAMES = List.of(
            "resnet18",
            "preactresnet18",
            "resnet20",
            "resnet32",
            "resnet44",
            "resnet56",
            "resnet110",
            Architecture.SMALL_CNN);

    static final String SMALL_CNN = "small-cnn";
    private static final int COLOURS = 3;
    private static final int CIFAR_SIDE = 32;
    private static final int MNIST_SIDE = 28;

    /** Refuses names that are not known, fewer than two classes, and images that the network cannot take. */
    public Architecture {
        if (!NAMES.contains(name)) {
            throw new InputException("architecture '" + name + "': expected one of " + String.join(", ", NAMES));
        }
        if (classes < 2) {
            throw new InputException("a " + name + " of " + classes + " classes: expected 2 or more");
        }
        boolean small = name.equals(SMALL_CNN);
        if (!small && normalisation.channels() != COLOURS) {
            throw new InputException("a " + name + " takes images of " + COLOURS + " colour channels; the normalisation"
                    + " is for " + normalisation.channels());
        }
        if (side < 4 || (small && side % SmallCnn.REDUCTION != 0)) {
            throw new InputException("a " + name + " for images of " + side + "×" + side + " pixels: expected "
                    + (small ? "a multiple of " + SmallCnn.REDUCTION : "4 or more"));
        }
    }

    /** For the images that the network is known for: 28×28 for the small one, 32×32 for the others. */
    public Architecture(String name, int classes, Normalisation normalisation) {
        this(name, classes, usualSide(name), normalisation);
    }

    static int usualSide(String name) {
        return name.equals(SMALL_CNN) ? MNIST_SIDE : CIFAR_SIDE;
    }

    /** Colour channels of its images. */
    public int channels() {
        return normalisation.channels();
    }

    /** @throws InputException where the network cannot take these images, or has not as many classes as they */
    public void requireFits(ImageSet images) {
        boolean size = !name.equals(SMALL_CNN) || (images.height() == side && images.width() == side);
        if (images.channels() != channels() || !size) {
            throw new InputException("a " + name + " for " + channels() + "×" + side + "×" + side + " images; "
                    + images.name() + " has " + images.channels() + "×" + images.height() + "×" + images.width());
        }
        if (images.isLabelled() && images.classNames().size() != classes) {
            throw new InputException("a " + name + " of " + classes + " classes; " + images.name() + " has "
                    + images.classNames().size());
        }
    }

    /** A network with fresh parameters, and its normalisation. */
    public NetworkClassifier create(Init init) {
        return new NetworkClassifier(this, network(init), init);
    }

    private Layer network(Init init) {
        return switch (name) {
            case "resnet18" -> new ResNet18(classes, init);
            case "preactresnet18" -> new PreActResNet18(classes, init);
            case SMALL_CNN -> new SmallCnn(channels(), side, classes, init);
            default -> new CifarResNet(Integer.parseInt(name.substring("resnet".length())), classes, init);
        };
    }

    /** What its weight files say of it. */
    public Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("architecture", name);
        metadata.put("num_classes", Integer.toString(classes));
        metadata.put("image", channels() + "x" + side + "x" + side);
        metadata.put("normalize_mean", joined(normalisation.mean()));
        metadata.put("normalize_std", joined(normalisation.std()));
        return metadata;
    }

    private static String joined(List<Double> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
