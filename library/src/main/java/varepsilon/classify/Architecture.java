package varepsilon.classify;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.tensor.InputException;

/**
 * What a network looks like, as its weight file's metadata tell it.
 *
 * @param name one of {@link #NAMES}
 * @param classes the number of logits, at least 2
 * @param normalisation what the network's input is shifted and scaled by
 */
public record Architecture(String name, int classes, Normalisation normalisation) {
    /** The networks that can be made. */
    public static final List<String> NAMES = List.of(
            "resnet18", "preactresnet18", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "small-cnn");

    /** Refuses names that are not known and fewer than two classes. */
    public Architecture {
        if (!NAMES.contains(name)) {
            throw new InputException("architecture '" + name + "': expected one of " + String.join(", ", NAMES));
        }
        if (classes < 2) {
            throw new InputException("a classifier of " + classes + " classes: expected 2 or more");
        }
    }

    /** Colour channels of its images. */
    public int channels() {
        return normalisation.mean().size();
    }

    /** A network with fresh parameters, and its normalisation. */
    public NetworkClassifier create(Init init) {
        return new NetworkClassifier(this, network(init), init);
    }

    private Layer network(Init init) {
        return switch (name) {
            case "resnet18" -> new ResNet18(classes, init);
            case "preactresnet18" -> new PreActResNet18(classes, init);
            case "small-cnn" -> new SmallCnn(classes, init);
            default -> new CifarResNet(Integer.parseInt(name.substring("resnet".length())), classes, init);
        };
    }

    /** What its weight files say of it. */
    public Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("architecture", name);
        metadata.put("num_classes", Integer.toString(classes));
        metadata.put("normalize_mean", joined(normalisation.mean()));
        metadata.put("normalize_std", joined(normalisation.std()));
        return metadata;
    }

    private static String joined(List<Double> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
