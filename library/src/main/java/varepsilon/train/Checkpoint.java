package varepsilon.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;
import varepsilon.base.InputException;
import varepsilon.nn.Module;
import varepsilon.nn.Optimizer;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/**
 * The complete state of a training, in one file written atomically: weights, optimizer state, whatever else the
 * training keeps, the state of the noise stream, the position within the epoch and the history.
 */
final class Checkpoint {
    private static final String MODEL = "model.";
    private static final String OPTIMIZER = "optimizer.";
    private static final String NOISE = "rng.noise";
    private static final String POSITION = "training";
    private static final String CHECKSUM = "crc32c";
    private static final ObjectMapper JSON = new ObjectMapper();

    private Checkpoint() {}

    /**
     * The position of a training.
     *
     * @param seed the run's seed; a checkpoint goes on only under the same one
     * @param epoch the epoch that runs
     * @param batch batches done in it
     * @param step optimizer steps since the start
     * @param seconds time spent training since the start
     * @param sums sums of the measured quantities over this epoch so far
     * @param examples examples seen in this epoch so far
     * @param bestEpoch the epoch of the best weights, −1 where there is none yet
     * @param history finished epochs
     */
    record Position(
            long seed,
            int epoch,
            int batch,
            long step,
            double seconds,
            Map<String, Double> sums,
            long examples,
            int bestEpoch,
            List<EpochResult> history) {
        /** Rejects inconsistent values, which a damaged file may have. */
        Position {
            sums.forEach((name, sum) -> Objects.requireNonNull(sum, name));
            history = List.copyOf(history);
            if (epoch < 0 || batch < 0 || step < 0 || examples < 0 || epoch != history.size()) {
                throw new IllegalArgumentException("epoch " + epoch + ", batch " + batch + ", step " + step + ", "
                        + examples + " examples and " + history.size() + " finished epochs do not fit together");
            }
            if (bestEpoch < -1 || bestEpoch >= history.size()) {
                throw new IllegalArgumentException(
                        "the best epoch " + bestEpoch + " is not among " + history.size() + " finished ones");
            }
        }

        static Position start(long seed) {
            return new Position(seed, 0, 0, 0, 0, Map.of(), 0, -1, List.of());
        }
    }

    /**
     * The training that a checkpoint belongs to.
     *
     * @param others tensors by name that belong to the training besides; names begin with a word of their own and a dot
     * @param noise the stream that objectives draw from
     */
    record State(Module model, Optimizer optimizer, Map<String, Tensor> others, Rng noise) {}

    static void write(Path path, Position position, State state) throws IOException {
        try (var scope = Scope.withoutGradients()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            state.model().state().forEach((name, tensor) -> tensors.put(MODEL + name, tensor));
            state.optimizer().state().forEach((name, tensor) -> tensors.put(OPTIMIZER + name, tensor));
            tensors.putAll(state.others());
            byte[] noise = state.noise().state();
            tensors.put(NOISE, Tensor.of(noise, noise.length));
            String json = JSON.writeValueAsString(position);
            Safetensors.write(path, sealed(tensors, json));
        }
    }

    /** The content of a checkpoint, with a checksum that detects damage. */
    static Weights sealed(Map<String, Tensor> tensors, String position) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(POSITION, position);
        metadata.put(CHECKSUM, checksum(tensors, position));
        return Weights.of(tensors, metadata);
    }

    /** CRC-32C of position, names and values. */
    private static String checksum(Map<String, Tensor> tensors, String position) {
        CRC32C checksum = new CRC32C();
        checksum.update(position.getBytes(StandardCharsets.UTF_8));
        tensors.forEach((name, tensor) -> {
            checksum.update(name.getBytes(StandardCharsets.UTF_8));
            checksum.update(tensor.toRaw());
        });
        return String.format(Locale.ROOT, "%08x", checksum.getValue());
    }

    /**
     * Restores the state of the training.
     *
     * @throws InputException where the file is damaged, or of another seed, model or optimizer; nothing is changed then
     */
    static Position read(Path path, long seed, State state) throws IOException {
        try (var scope = Scope.withoutGradients()) {
            Weights saved = Weights.read(path);
            requireUndamaged(path, saved);
            Position position = position(path, saved);
            if (position.seed() != seed) {
                throw new InputException(path + ": belongs to a run with seed " + position.seed() + ", not " + seed
                        + "; go on with the run's own seed, or begin another run");
            }
            Map<String, long[]> expected = new LinkedHashMap<>();
            state.model().state().forEach((name, tensor) -> expected.put(MODEL + name, tensor.shape()));
            state.optimizer()
                    .stateShapes(position.step())
                    .forEach((name, shape) -> expected.put(OPTIMIZER + name, shape));
            state.others().forEach((name, tensor) -> expected.put(name, tensor.shape()));
            expected.put(NOISE, new long[] {state.noise().state().length});
            saved.requireExactly(expected);
            try {
                state.noise().restore(saved.get(NOISE).toBytes());
            } catch (InputException e) {
                throw new InputException(path + ": " + e.getMessage(), e);
            }
            state.model().load(Weights.of(under(MODEL, saved), Map.of()));
            state.optimizer().restore(position.step(), under(OPTIMIZER, saved));
            state.others().forEach((name, tensor) -> tensor.copyInPlace(saved.get(name)));
            return position;
        }
    }

    private static void requireUndamaged(Path path, Weights saved) {
        // Checkpoints of earlier versions have no checksum.
        saved.metadata(CHECKSUM).ifPresent(expected -> {
            String found = checksum(saved.tensors(), json(path, saved));
            if (!found.equals(expected)) {
                throw new InputException(path + ": damaged: its content has the checksum " + found + ", not " + expected
                        + "; put a good copy in its place, or delete it to train from the start");
            }
        });
    }

    private static String json(Path path, Weights saved) {
        return saved.metadata(POSITION)
                .orElseThrow(() -> new InputException(path + ": not a checkpoint of a training"));
    }

    private static Position position(Path path, Weights saved) {
        try {
            return JSON.readValue(json(path, saved), Position.class);
        } catch (JsonProcessingException e) {
            throw new InputException(path + ": its position cannot be read: " + e.getOriginalMessage(), e);
        }
    }

    private static Map<String, Tensor> under(String prefix, Weights saved) {
        Map<String, Tensor> part = new LinkedHashMap<>();
        saved.tensors().forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                part.put(name.substring(prefix.length()), tensor);
            }
        });
        return part;
    }
}
