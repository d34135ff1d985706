package varepsilon.classify;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import varepsilon.base.InputException;
import varepsilon.data.ImageSet;
import varepsilon.nn.Init;

/**
 * The architecture of a classifier, as its weight file's metadata describe it.
 *
 * @param name one that {@link #isKnown}
 * @param classes the number of logits, at least 2
 * @param side of the square images that it is made for, in pixels; residual networks average over what is left of an
 *     image and so take others too
 * @param normalisation what the network's input is shifted and scaled by, one value a colour channel
 */
public record Architecture(String name, int classes, int side, Normalisation normalisation) {
    private static final List<NetworkFamily> FAMILIES = Stream.concat(
                    Stream.of(
                            ResNet.FAMILY,
                            PreActResNet18.FAMILY,
                            SwishPreActResNet18.FAMILY,
                            CifarResNet.FAMILY,
                            WideResNet.FAMILY,
                            SwishWideResNet.FAMILY,
                            SmallCnn.FAMILY),
                    ServiceLoader.load(NetworkFamily.class, NetworkFamily.class.getClassLoader()).stream()
                            .map(ServiceLoader.Provider::get))
            .toList();

    /** The known architectures, as messages list them. */
    public static final List<String> NAMES = names();

    private static List<String> names() {
        List<String> names =
                FAMILIES.stream().flatMap(family -> family.names().stream()).toList();
        if (names.size() != Set.copyOf(names).size()) {
            throw new IllegalStateException("several architectures have one name: " + names);
        }
        return names;
    }

    /** Rejects names that are not known, fewer than two classes, and images that the network cannot take. */
    public Architecture {
        NetworkFamily family = requireFamily(name);
        if (classes < 2) {
            throw new InputException("a " + name + " of " + classes + " classes: expected 2 or more");
        }
        family.requireSide(name, side);
    }

    /** For images of the usual size: 28×28 for the small network, 32×32 or 224×224 for the others. */
    public Architecture(String name, int classes, Normalisation normalisation) {
        this(name, classes, requireFamily(name).usualSide(name), normalisation);
    }

    /** Whether a network of that name can be made. */
    public static boolean isKnown(String name) {
        return family(name).isPresent();
    }

    private static Optional<NetworkFamily> family(String name) {
        return FAMILIES.stream().filter(family -> family.has(name)).findFirst();
    }

    private static NetworkFamily requireFamily(String name) {
        return family(name)
                .orElseThrow(() ->
                        new InputException("architecture '" + name + "': expected one of " + String.join(", ", NAMES)));
    }

    /** The name of the network inferred from its weights; not necessarily one that {@link #isKnown}. */
    static Optional<String> recognise(Shapes shapes) {
        return FAMILIES.stream()
                .map(family -> family.recognise(shapes))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** Whether two architectures have weights of the same names and shapes. */
    static boolean haveSameWeights(String name, String other) {
        return family(name)
                .filter(family -> family.has(other) && family.haveSameWeights(name, other))
                .isPresent();
    }

    /** The sizes of a network, inferred from its weights. */
    static NetworkFamily.Sizes sizes(String name, Shapes shapes) {
        return requireFamily(name).sizes(name, shapes);
    }

    /** Whether files of that network's weights may hold a tensor that it does not use. */
    static boolean isUnused(String name, String tensor) {
        return requireFamily(name).isUnused(tensor);
    }

    /** What cannot be inferred from weights recognised as that network's. */
    static Optional<String> doubt(String name) {
        return requireFamily(name).doubt(name);
    }

    /** Colour channels of its images. */
    public int channels() {
        return normalisation.channels();
    }

    /** @throws InputException where the network cannot take these images, or has not as many classes as they */
    public void requireFits(ImageSet images) {
        boolean size = requireFamily(name).takesAnySide() || (images.height() == side && images.width() == side);
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
        return new NetworkClassifier(this, requireFamily(name).create(this, init), init);
    }

    /** The metadata of its weight files. */
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
