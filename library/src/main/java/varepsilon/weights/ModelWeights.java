package varepsilon.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import varepsilon.tensor.Tensor;

/**
 * One model's weights read from a file, by the model's own names. Files as training programs save
 * them have the state dict under a key, beside much else, and put words before all names: {@code module.} for
 * {@code DataParallel}, {@code model.} for Lightning, {@code _orig_mod.} for {@code torch.compile}.
 *
 * @param weights those of the model; what lay beside them in the same dict is among them, under its full name
 * @param place the state dict that they come from, as messages call it; empty where the file is nothing else
 * @param notes notes on how they were found, a sentence each
 */
public record ModelWeights(Weights weights, String place, List<String> notes) {
    /** The usual keys of state dicts in checkpoints; of several the first is taken. */
    static final List<String> KEYS = List.of(
            "best_state_dict",
            "state_dict",
            "model_state_dict",
            "model_state",
            "model",
            "net",
            "network",
            "params",
            "weights",
            "last_state_dict");

    private static final int MAX_WORDS = 6;
    private static final int MAX_PREFIXES = 10_000;
    private static final int SHOWN = 4;

    /** Copies the list. */
    public ModelWeights {
        notes = List.copyOf(notes);
    }

    /**
     * Reads the state dict, without the words that stand before all its names, that is a model's. Of several the one
     * under the more usual key is taken, then that with the fewest words before its names; a note names them.
     *
     * <p>Other models in the file are left out. Where there is none, the largest dict is read as it is, so that the
     * error message can name the difference.
     *
     * @param accepted whether tensors of these names and shapes can be the model; weights that pass an earlier test are
     *     preferred
     * @throws varepsilon.base.InputException where the file is missing or damaged, or holds no state dict
     * @throws IOException on an I/O error
     */
    public static ModelWeights read(Path path, List<Predicate<Map<String, long[]>>> accepted) throws IOException {
        try (OpenWeightFile file =
                WeightFormat.of(path) == WeightFormat.PYTORCH ? PyTorchStateDict.open(path) : Safetensors.open(path)) {
            List<StateDict> all = file.stateDicts();
            List<Found> found = accepted.stream()
                    .flatMap(isModel -> found(all, isModel).stream())
                    .distinct()
                    .toList();
            if (found.isEmpty()) {
                StateDict largest = largest(all);
                String place = all.size() == 1 && largest.place().isEmpty() ? "" : largest.label();
                return new ModelWeights(file.read(largest, largest.shapes().keySet()), place, List.of());
            }
            return chosen(file, found);
        }
    }

    private static List<Found> found(List<StateDict> dicts, Predicate<Map<String, long[]>> isModel) {
        return dicts.stream()
                .flatMap(dict -> prefixes(dict, isModel).map(prefix -> new Found(dict, prefix)))
                .sorted(Comparator.comparingInt(Found::rank).thenComparingInt(Found::words))
                .toList();
    }

    /** A state dict without a prefix of its names. */
    private record Found(StateDict dict, String prefix) {
        int rank() {
            int rank = KEYS.indexOf(dict.key());
            return rank < 0 ? KEYS.size() : rank;
        }

        int words() {
            return (int) prefix.chars().filter(c -> c == '.').count();
        }

        String label() {
            if (prefix.isEmpty()) {
                return dict.label();
            }
            String names = "names with " + WeightFile.quote(prefix);
            return dict.place().isEmpty() ? names : names + " in " + dict.label();
        }
    }

    /** What stands before the names of models in a dict: nothing, or one or more words. */
    private static Stream<String> prefixes(StateDict dict, Predicate<Map<String, long[]>> isModel) {
        Set<String> prefixes = new LinkedHashSet<>(List.of(""));
        for (String name : dict.shapes().keySet()) {
            int dot = name.indexOf('.');
            for (int words = 0; dot >= 0 && words < MAX_WORDS && prefixes.size() < MAX_PREFIXES; words++) {
                prefixes.add(name.substring(0, dot + 1));
                dot = name.indexOf('.', dot + 1);
            }
        }
        NavigableMap<String, long[]> sorted = new TreeMap<>(dict.shapes());
        return prefixes.stream().filter(prefix -> isModel.test(without(prefix, sorted)));
    }

    private static Map<String, long[]> without(String prefix, NavigableMap<String, long[]> shapes) {
        Map<String, long[]> rest = new LinkedHashMap<>();
        for (Map.Entry<String, long[]> named : shapes.tailMap(prefix, true).entrySet()) {
            if (!named.getKey().startsWith(prefix)) {
                break;
            }
            rest.put(named.getKey().substring(prefix.length()), named.getValue());
        }
        return rest;
    }

    private static StateDict largest(List<StateDict> all) {
        return all.stream()
                // The first of the largest.
                .min(Comparator.comparingInt(dict -> -dict.shapes().size()))
                .orElseThrow();
    }

    private static ModelWeights chosen(OpenWeightFile file, List<Found> found) throws IOException {
        Found first = found.get(0);
        // Other models in the same dict, copies of this one among them.
        List<String> others = found.stream()
                .skip(1)
                .filter(other -> other.dict().equals(first.dict()))
                .map(Found::prefix)
                .toList();
        Set<String> names = first.dict().shapes().keySet().stream()
                .filter(name -> others.stream().noneMatch(name::startsWith))
                .collect(Collectors.toCollection(LinkedHashSet::new));
        Weights read = file.read(first.dict(), names);
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        read.tensors().forEach((name, tensor) -> {
            if (name.startsWith(first.prefix())) {
                renamed.put(name.substring(first.prefix().length()), tensor);
            }
        });
        // Other tensors keep their names; the caller uses or rejects them.
        read.tensors().forEach((name, tensor) -> {
            if (!name.startsWith(first.prefix()) && renamed.putIfAbsent(name, tensor) != null) {
                throw file.file()
                        .refused("has a tensor " + WeightFile.quote(name) + " with and without "
                                + WeightFile.quote(first.prefix())
                                + " before its name; it is not clear which is the model's");
            }
        });
        String source = file.file().path().toString();
        return new ModelWeights(
                new Weights(source, renamed, read.metadata()),
                first.dict().place().isEmpty() ? "" : first.dict().label(),
                notes(source, found));
    }

    private static List<String> notes(String source, List<Found> found) {
        List<String> notes = new ArrayList<>();
        Found first = found.get(0);
        if (found.size() > 1) {
            String all = found.stream().limit(SHOWN).map(Found::label).collect(Collectors.joining(", "));
            String more = found.size() > SHOWN ? " and " + (found.size() - SHOWN) + " more" : "";
            notes.add(WeightFile.oneLine(
                    source + " holds " + found.size() + " models: " + all + more + "; the first of these is used"));
        }
        if (!first.prefix().isEmpty()) {
            notes.add(WeightFile.oneLine(
                    source + ": " + WeightFile.quote(first.prefix()) + " before the names of its tensors is left out"));
        }
        return notes;
    }
}
