package varepsilon.robust.evaluate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import varepsilon.base.InputException;
import varepsilon.robust.attack.Box;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/**
 * Images and adversarial examples made from them, as they are saved: a safetensors file with FLOAT32 {@code clean} and
 * {@code adversarial} N×C×H×W in [0, 1], INT64 {@code labels}, {@code clean_predictions}, {@code predictions} and
 * {@code indices} N, and metadata {@code attack}, {@code norm}, {@code epsilon} and the settings.
 *
 * @param clean the images, FLOAT32 N×C×H×W in [0, 1], on the CPU
 * @param adversarial the perturbed images, likewise
 * @param labels the true classes
 * @param cleanPredictions the classes predicted for the images, when they were attacked
 * @param predictions the classes predicted for the perturbed images, when they were made
 * @param indices which images of their set these are, each once
 * @param attack its name
 * @param threat what the attack was allowed; of pixels in [0, 1]
 * @param settings further metadata, by name
 */
public record AdversarialExamples(
        Tensor clean,
        Tensor adversarial,
        int[] labels,
        int[] cleanPredictions,
        int[] predictions,
        int[] indices,
        String attack,
        ThreatModel threat,
        Map<String, String> settings) {
    private static final String ATTACK = "attack";
    private static final String NORM = "norm";
    private static final String EPSILON = "epsilon";

    /** Rejects a box other than [0, 1], which the file format cannot express. */
    public AdversarialExamples {
        if (!threat.box().equals(Box.PIXELS)) {
            throw new IllegalArgumentException("examples in " + threat.box() + ": expected " + Box.PIXELS);
        }
        settings = Map.copyOf(settings);
    }

    /** The number of examples. */
    public int n() {
        return labels.length;
    }

    /**
     * Saves them.
     *
     * @throws IOException where the file cannot be written
     */
    public void write(Path path) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("clean", clean);
        tensors.put("adversarial", adversarial);
        tensors.put("labels", tensor(labels));
        tensors.put("clean_predictions", tensor(cleanPredictions));
        tensors.put("predictions", tensor(predictions));
        tensors.put("indices", tensor(indices));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(ATTACK, attack);
        metadata.put(NORM, threat.norm().label());
        metadata.put(EPSILON, Double.toString(threat.epsilon()));
        settings.forEach(metadata::putIfAbsent);
        Safetensors.write(path, Weights.of(tensors, metadata));
    }

    /**
     * Reads them into the open scope.
     *
     * @throws InputException where the file is not of this format, or its contents are inconsistent
     * @throws IOException on an I/O error
     */
    public static AdversarialExamples read(Path path) throws IOException {
        Weights file = Safetensors.read(path);
        long[] shape = file.get("adversarial").shape();
        if (shape.length != 4 || Arrays.stream(shape).anyMatch(size -> size < 1)) {
            throw new InputException(path + ": adversarial has the shape " + Arrays.toString(shape)
                    + "; expected N×C×H×W with at least one image");
        }
        long[] perExample = {shape[0]};
        file.requireExactly(Map.of(
                "clean",
                shape,
                "adversarial",
                shape,
                "labels",
                perExample,
                "clean_predictions",
                perExample,
                "predictions",
                perExample,
                "indices",
                perExample));
        Map<String, String> settings = new LinkedHashMap<>(file.metadata());
        settings.keySet().removeAll(Set.of(ATTACK, NORM, EPSILON));
        int[] indices = numbers(path, file, "indices");
        if (Arrays.stream(indices).distinct().count() < indices.length) {
            throw new InputException(path + ": indices name an image twice; expected each once");
        }
        return new AdversarialExamples(
                pixels(path, file, "clean"),
                pixels(path, file, "adversarial"),
                numbers(path, file, "labels"),
                numbers(path, file, "clean_predictions"),
                numbers(path, file, "predictions"),
                indices,
                metadata(path, file, ATTACK),
                threat(path, file),
                settings);
    }

    private static Tensor tensor(int[] values) {
        return Tensor.of(Arrays.stream(values).asLongStream().toArray(), values.length);
    }

    private static Tensor pixels(Path path, Weights file, String name) {
        Tensor pixels = typed(path, file, name, DType.FLOAT32);
        double low = -pixels.neg().flatten(0).amax(0).item();
        double high = pixels.flatten(0).amax(0).item();
        // NaN fails this comparison.
        if (!(low >= 0 && high <= 1)) {
            throw new InputException(
                    path + ": " + name + " has pixels from " + low + " to " + high + "; expected values in [0, 1]");
        }
        return pixels;
    }

    private static int[] numbers(Path path, Weights file, String name) {
        long[] values = typed(path, file, name, DType.INT64).toLongs();
        for (long value : values) {
            if (value < 0 || value > Integer.MAX_VALUE) {
                throw new InputException(path + ": " + name + " has " + value + "; expected numbers from 0");
            }
        }
        return Arrays.stream(values).mapToInt(value -> (int) value).toArray();
    }

    private static Tensor typed(Path path, Weights file, String name, DType dtype) {
        Tensor tensor = file.get(name);
        if (tensor.dtype() != dtype) {
            throw new InputException(path + ": " + name + " is of type " + tensor.dtype() + "; expected " + dtype);
        }
        return tensor;
    }

    private static ThreatModel threat(Path path, Weights file) {
        String epsilon = metadata(path, file, EPSILON);
        try {
            return ThreatModel.of(Norm.named(metadata(path, file, NORM)), Double.parseDouble(epsilon));
        } catch (NumberFormatException e) {
            throw new InputException(path + ": epsilon is not a number but " + epsilon.length() + " characters", e);
        } catch (InputException e) {
            throw new InputException(path + ": " + e.getMessage(), e);
        }
    }

    private static String metadata(Path path, Weights file, String key) {
        return file.metadata(key)
                .orElseThrow(() -> new InputException(path + ": the metadata do not say '" + key
                        + "'; expected a file of adversarial examples with attack, norm and epsilon"));
    }
}
