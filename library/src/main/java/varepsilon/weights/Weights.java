package varepsilon.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/**
 * Named tensors in the order of their file, with string metadata: the content of a weight file. The tensors belong to
 * the {@link varepsilon.tensor.Scope} that was open when they were made or read.
 */
public final class Weights {
    private static final int SHOWN_NAMES = 3;

    private final String source;
    private final Map<String, Tensor> tensors;
    private final Map<String, String> metadata;

    Weights(String source, Map<String, Tensor> tensors, Map<String, String> metadata) {
        this.source = source;
        this.tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        this.metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /** Weights to write, in the order of the maps. */
    public static Weights of(Map<String, Tensor> tensors, Map<String, String> metadata) {
        return new Weights("weights in memory", tensors, metadata);
    }

    /**
     * Reads a safetensors file or a PyTorch state dict, told by its content, not its name.
     *
     * @throws InputException where the file is missing or damaged, or of another format
     * @throws IOException on an I/O error
     * @see Safetensors#read
     * @see PyTorchStateDict#read
     */
    public static Weights read(Path path) throws IOException {
        return WeightFormat.of(path) == WeightFormat.PYTORCH ? PyTorchStateDict.read(path) : Safetensors.read(path);
    }

    /**
     * The format of a weight file, by its content: {@code safetensors} or {@code PyTorch state dict}.
     *
     * @throws InputException where there is no such file, or it is of another format
     * @throws IOException on an I/O error
     */
    public static String format(Path path) throws IOException {
        return WeightFormat.of(path) == WeightFormat.PYTORCH ? "PyTorch state dict" : "safetensors";
    }

    /** Other tensors from the same source, with its metadata. */
    public Weights with(Map<String, Tensor> others) {
        return new Weights(source, others, metadata);
    }

    /** The names, in order. */
    public Set<String> names() {
        return tensors.keySet();
    }

    /** The tensors by name, in order. */
    public Map<String, Tensor> tensors() {
        return tensors;
    }

    /**
     * The tensor of that name.
     *
     * @throws InputException where there is none
     */
    public Tensor get(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new InputException(WeightFile.oneLine(source + ": no tensor " + WeightFile.quote(name)
                    + "; the file has " + shown(List.copyOf(tensors.keySet()))));
        }
        return tensor;
    }

    /** All metadata, in order. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** One value of the metadata; empty where the file does not say. */
    public Optional<String> metadata(String key) {
        return Optional.ofNullable(metadata.get(key));
    }

    /**
     * Checks that the tensors are those expected; the error lists all differences.
     *
     * @param expected shape by name
     * @throws InputException where names are missing or surplus, or a shape differs
     */
    public void requireExactly(Map<String, long[]> expected) {
        requireExactly(expected, name -> false);
    }

    /**
     * As {@link #requireExactly(Map)}, with some names free.
     *
     * @param expected shape by name
     * @param optional names that may be absent or present as they like, such as batch-norm's
     *     {@code num_batches_tracked}; where one is both expected and present, its shape is checked too
     * @throws InputException where names are missing or surplus, or a shape differs
     */
    public void requireExactly(Map<String, long[]> expected, Predicate<String> optional) {
        List<String> missing = new ArrayList<>();
        List<String> misshapen = new ArrayList<>();
        expected.forEach((name, shape) -> {
            Tensor found = tensors.get(name);
            if (found == null) {
                if (!optional.test(name)) {
                    missing.add(name);
                }
            } else if (!Arrays.equals(shape, found.shape())) {
                misshapen.add(name + " " + Arrays.toString(found.shape()) + " not " + Arrays.toString(shape));
            }
        });
        List<String> surplus = tensors.keySet().stream()
                .filter(name -> !expected.containsKey(name) && !optional.test(name))
                .toList();
        List<String> wrongs = new ArrayList<>();
        addWrong(wrongs, "missing", missing);
        addWrong(wrongs, "surplus", surplus);
        addWrong(wrongs, "of another shape", misshapen);
        if (!wrongs.isEmpty()) {
            throw new InputException(WeightFile.oneLine(source + ": these are not this model's weights: "
                    + String.join(", ", wrongs) + "; is it a file of another architecture?"));
        }
    }

    private static void addWrong(List<String> wrongs, String kind, List<String> names) {
        if (!names.isEmpty()) {
            wrongs.add(names.size() + " " + kind + " (" + shown(names) + ")");
        }
    }

    private static String shown(List<String> names) {
        if (names.isEmpty()) {
            return "none";
        }
        String first = names.stream().limit(SHOWN_NAMES).map(WeightFile::quote).collect(Collectors.joining(", "));
        int rest = names.size() - SHOWN_NAMES;
        return rest > 0 ? first + " and " + rest + " more" : first;
    }
}
