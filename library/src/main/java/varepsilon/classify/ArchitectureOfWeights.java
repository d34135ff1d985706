package varepsilon.classify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import varepsilon.base.InputException;
import varepsilon.classify.ClassifierFile.Stated;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/**
 * Infers the architecture of a weight file. Sizes come from the shapes of tensors in the file, so a network is never
 * larger than the file.
 *
 * @param weights those of the network, and what lies beside them
 * @param where the file, and the place in it, as errors and notes name it
 */
record ArchitectureOfWeights(Weights weights, String where) {
    /** A network and the weights that belong to it. */
    record Described(Architecture architecture, Weights weights) {}

    /** What to look for in a file: the stated network, else any known one. */
    static List<Predicate<Map<String, long[]>>> accepted(Stated stated) {
        List<Predicate<Map<String, long[]>>> accepted = new ArrayList<>();
        stated.architecture().ifPresent(name -> accepted.add(shapes -> isOf(new Shapes(shapes), name)));
        accepted.add(shapes -> isOf(new Shapes(shapes), ""));
        return accepted;
    }

    /** @param stated empty for any network */
    private static boolean isOf(Shapes shapes, String stated) {
        Optional<String> name = Architecture.recognise(shapes)
                .filter(Architecture::isKnown)
                .filter(found -> stated.isEmpty() || Architecture.haveSameWeights(stated, found));
        try {
            return name.isPresent() && Architecture.sizes(name.get(), shapes).classes() > 1;
        } catch (InputException e) {
            return false;
        }
    }

    /**
     * The architecture: the stated one, else that of the metadata, else that inferred from names and shapes.
     *
     * @param notes receives warnings
     * @throws InputException where nothing says it, or metadata and shapes contradict each other
     */
    Described describe(Stated stated, List<String> notes) {
        String of = "";
        try {
            Shapes shapes = shapes();
            Optional<String> given = stated.architecture().or(() -> weights.metadata("architecture"));
            String name = requireKnown(given.or(() -> Architecture.recognise(shapes)));
            of = "as a " + name + ", ";
            NetworkFamily.Sizes sizes = Architecture.sizes(name, shapes);
            requireSaid("num_classes", sizes.classes());
            WithNormalisation taken = WithNormalisation.of(weights, sizes.channels());
            Normalisation normalisation =
                    normalisation(stated, taken, notes).orElseGet(() -> Normalisation.none(sizes.channels()));
            if (normalisation.channels() != sizes.channels()) {
                throw new InputException("its first layer takes " + sizes.channels()
                        + " colour channels, but its normalisation is for " + normalisation.channels());
            }
            if (given.isEmpty()) {
                Architecture.doubt(name)
                        .ifPresent(doubt -> notes.add(where + " is taken for a " + name + " with " + doubt));
            }
            return new Described(
                    new Architecture(name, sizes.classes(), sizes.side(), normalisation),
                    withoutUnused(name, taken.weights(), notes));
        } catch (InputException e) {
            // Metadata and names may hold line breaks and terminal controls.
            throw new InputException(
                    (where + ": " + of + e.getMessage()).replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " "), e);
        }
    }

    private Shapes shapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        weights.tensors().forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        return new Shapes(shapes);
    }

    private Weights withoutUnused(String name, Weights all, List<String> notes) {
        Map<String, Tensor> used = new LinkedHashMap<>(all.tensors());
        used.keySet().removeIf(tensor -> Architecture.isUnused(name, tensor));
        int left = all.tensors().size() - used.size();
        if (left > 0) {
            notes.add(where + ": " + left + " tensors that such a file holds and a " + name
                    + " does not use are left out");
        }
        return all.with(used);
    }

    private static String requireKnown(Optional<String> name) {
        if (name.isEmpty()) {
            throw new InputException("says no architecture, and its tensors are not named as those of a known one ("
                    + String.join(", ", Architecture.NAMES) + ")");
        }
        if (!Architecture.isKnown(name.get())) {
            throw new InputException("weights of a '" + name.get() + "'; expected a classifier: one of "
                    + String.join(", ", Architecture.NAMES));
        }
        return name.get();
    }

    private void requireSaid(String key, int found) {
        String given = weights.metadata(key).orElse(null);
        if (given != null && !given.equals(Integer.toString(found))) {
            throw new InputException("says " + key + " '" + given + "', but its tensors' shapes say " + found);
        }
    }

    private Optional<Normalisation> normalisation(Stated stated, WithNormalisation taken, List<String> notes) {
        if (stated.normalisation().isPresent()) {
            taken.noteIfReplaced(where, notes);
            return stated.normalisation();
        }
        Optional<String> mean = weights.metadata("normalize_mean");
        Optional<String> std = weights.metadata("normalize_std");
        if (mean.isPresent() != std.isPresent()) {
            throw new InputException("says " + (mean.isPresent() ? "normalize_mean" : "normalize_std")
                    + " without the other; expected both or none");
        }
        if (mean.isPresent()) {
            taken.noteIfReplaced(where, notes);
            return Optional.of(Normalisation.parse(mean.get(), std.orElseThrow()));
        }
        taken.note(where, notes);
        if (taken.normalisation().isEmpty()) {
            notes.add(
                    where + " does not say how its network's input was normalised, so its input is pixels in"
                            + " [0, 1], not normalised; if it was trained otherwise, state the mean and the standard deviation");
        }
        return taken.normalisation();
    }
}
