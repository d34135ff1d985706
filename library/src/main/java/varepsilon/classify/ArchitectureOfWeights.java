package varepsilon.classify;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import varepsilon.classify.ClassifierFile.Stated;
import varepsilon.nn.Weights;
import varepsilon.tensor.InputException;
import varepsilon.tensor.Tensor;

/**
 * Says which architecture a weight file is of. Sizes come from shapes, which the file must fill with numbers: a network
 * is never made larger than the file is.
 *
 * @param file named in errors
 */
record ArchitectureOfWeights(Weights weights, Path file) {
    private static final Pattern FIRST_STAGE_BLOCK = Pattern.compile("layer1\\.(\\d{1,4})\\.conv1\\.weight");
    private static final long ANY = -1;
    private static final String SMALL_FIRST = "net.0.weight";
    private static final String SMALL_HIDDEN = "net.5.weight";

    /**
     * The architecture, as a person states it, else as the metadata say, else as names and shapes show.
     *
     * @param notes gains what a person should know
     * @throws InputException where nothing says it, or metadata and shapes contradict each other
     */
    Architecture describe(Stated stated, List<String> notes) {
        String of = "";
        try {
            String name = knownName(stated);
            of = "as a " + name + ", ";
            int channels = channels(name);
            int classes = classes(name);
            requireSaid("num_classes", classes);
            Normalisation normalisation = normalisation(stated, notes).orElse(Normalisation.none(channels));
            if (normalisation.channels() != channels) {
                throw new InputException("its first layer takes " + channels + " colour channels, but its normalisation"
                        + " is for " + normalisation.channels());
            }
            return new Architecture(name, classes, side(name), normalisation);
        } catch (InputException e) {
            // Metadata and names may hold line breaks and terminal controls.
            throw new InputException((file + ": " + of + e.getMessage()).replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " "), e);
        }
    }

    private String knownName(Stated stated) {
        String name =
                stated.architecture().or(() -> weights.metadata("architecture")).orElseGet(this::inferredName);
        if (!Architecture.NAMES.contains(name)) {
            throw new InputException("weights of a '" + name + "'; expected a classifier: one of "
                    + String.join(", ", Architecture.NAMES));
        }
        return name;
    }

    private String inferredName() {
        if (has(SMALL_FIRST) && has(SMALL_HIDDEN)) {
            return Architecture.SMALL_CNN;
        }
        if (has("layer4.0.conv1.weight")) {
            return has("bn.weight") ? "preactresnet18" : "resnet18";
        }
        long blocks = weights.names().stream()
                .filter(name -> FIRST_STAGE_BLOCK.matcher(name).matches())
                .count();
        if (blocks == 0) {
            throw new InputException("says no architecture, and its tensors are not named as those of a known one ("
                    + String.join(", ", Architecture.NAMES) + ")");
        }
        // Three stages of as many blocks, two layers a block, and the first and the last layer.
        return "resnet" + (6 * blocks + 2);
    }

    private boolean has(String name) {
        return weights.names().contains(name);
    }

    private int channels(String name) {
        return switch (name) {
            case Architecture.SMALL_CNN -> sizeIn(SMALL_FIRST, SmallCnn.FILTERS, ANY, SmallCnn.KERNEL, SmallCnn.KERNEL);
            case "resnet18", "preactresnet18" -> sizeIn("conv1.weight", 64, ANY, 3, 3);
            default -> sizeIn("conv1.weight", 16, ANY, 3, 3);
        };
    }

    private int classes(String name) {
        return switch (name) {
            case Architecture.SMALL_CNN -> sizeIn("net.7.weight", ANY, SmallCnn.HIDDEN);
            case "resnet18" -> sizeIn("fc.weight", ANY, 512);
            case "preactresnet18" -> sizeIn("linear.weight", ANY, 512);
            default -> sizeIn("linear.weight", ANY, 64);
        };
    }

    private int side(String name) {
        if (!name.equals(Architecture.SMALL_CNN)) {
            return Architecture.usualSide(name);
        }
        int features = sizeIn(SMALL_HIDDEN, SmallCnn.HIDDEN, ANY);
        int side = SmallCnn.REDUCTION * (int) Math.round(Math.sqrt(features / (2.0 * SmallCnn.FILTERS)));
        if (SmallCnn.features(side) != features) {
            throw new InputException("'" + SMALL_HIDDEN + "' takes " + features + " numbers; expected "
                    + 2 * SmallCnn.FILTERS + "·n² of them, for square images of 4n×4n pixels");
        }
        return side;
    }

    /** The size of a tensor in the dimension that is {@link #ANY}; the others must be as given. */
    private int sizeIn(String name, long... expected) {
        Tensor tensor = weights.tensors().get(name);
        if (tensor == null) {
            throw new InputException("there is no tensor '" + name + "'");
        }
        long[] shape = tensor.shape();
        long free = 0;
        boolean fits = shape.length == expected.length && tensor.count() > 0;
        for (int i = 0; fits && i < shape.length; i++) {
            fits = expected[i] == ANY || expected[i] == shape[i];
            free = expected[i] == ANY ? shape[i] : free;
        }
        if (!fits) {
            throw new InputException("tensor '" + name + "' is " + Arrays.toString(shape) + "; expected "
                    + Arrays.toString(expected).replace(Long.toString(ANY), "any"));
        }
        return Math.toIntExact(free);
    }

    private void requireSaid(String key, int found) {
        String said = weights.metadata(key).orElse(null);
        if (said != null && !said.equals(Integer.toString(found))) {
            throw new InputException("says " + key + " '" + said + "', but its tensors' shapes say " + found);
        }
    }

    private Optional<Normalisation> normalisation(Stated stated, List<String> notes) {
        if (stated.normalisation().isPresent()) {
            return stated.normalisation();
        }
        Optional<String> mean = weights.metadata("normalize_mean");
        Optional<String> std = weights.metadata("normalize_std");
        if (mean.isPresent() != std.isPresent()) {
            throw new InputException("says " + (mean.isPresent() ? "normalize_mean" : "normalize_std")
                    + " without the other; expected both or none");
        }
        if (mean.isEmpty()) {
            notes.add(file + " does not say how its network's input was normalised, so pixels go in as they are, in"
                    + " [0, 1]; if it was trained otherwise, state the mean and the standard deviation");
        }
        return mean.map(value -> Normalisation.parse(value, std.orElseThrow()));
    }
}
