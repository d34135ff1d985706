package varepsilon.lab.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Checksums;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.lab.spec.RunSpec;
import varepsilon.lab.spec.Yaml;
import varepsilon.report.TensorBoardListener;
import varepsilon.tensor.Engine;
import varepsilon.train.RunDirectory;
import varepsilon.train.TrainingListener;

/**
 * The training of a model in a run directory, from its configuration to its results: configuration, provenance,
 * metrics, checkpoints, pictures or curves, and the test once at the end.
 *
 * @param <S> the configuration
 * @param <R> the results
 */
public final class Run<S extends RunSpec, R extends Record> implements AutoCloseable {
    static final String CONFIG = "config.yaml";
    private static final String RESULTS = "results.json";
    // Later versions may write further keys.
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private final RunKind<S, R> kind;
    private final RunDirectory folder;
    private final S config;
    private final Path dataDir;
    private final ImageSet images;

    private Run(RunKind<S, R> kind, RunDirectory folder, S config, Path dataDir, ImageSet images) {
        this.kind = kind;
        this.folder = folder;
        this.config = config;
        this.dataDir = dataDir;
        this.images = images;
    }

    /**
     * A new run. Inputs are checked before anything is written.
     *
     * @param out a folder that is empty or not there
     * @throws InputException where the data, other files or the folder cannot be used
     */
    public static <S extends RunSpec, R extends Record> Run<S, R> begin(
            RunKind<S, R> kind, S config, Path out, Path dataDir) throws IOException {
        ImageSet images = images(kind, config, dataDir);
        kind.requireUsable(config, images);
        RunDirectory folder = RunDirectory.create(out, config.toYaml());
        try {
            kind.prepare(config, folder);
            return new Run<>(kind, folder, config, dataDir, images);
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    /**
     * An earlier run, to resume.
     *
     * @param epochs more epochs than it was made for, if any; its configuration is changed accordingly
     * @throws InputException where the folder is no run, another process holds it, or its configuration cannot be used
     */
    public static <S extends RunSpec, R extends Record> Run<S, R> resume(
            RunKind<S, R> kind, Path out, OptionalInt epochs, Path dataDir) throws IOException {
        RunDirectory folder = RunDirectory.open(out);
        try {
            S found = kind.parse(folder.config(), folder.file(CONFIG));
            S config = epochs.isPresent() ? kind.withEpochs(found, epochs.getAsInt()) : found;
            ImageSet images = images(kind, config, dataDir);
            if (epochs.isPresent()) {
                AtomicFile.writeString(folder.file(CONFIG), config.toYaml());
            }
            return new Run<>(kind, folder, config, dataDir, images);
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    private static <S extends RunSpec> ImageSet images(RunKind<S, ?> kind, S config, Path dataDir) throws IOException {
        // Fails before the training, not after it, where the test images are missing.
        kind.requireKnown(config);
        Datasets.named(config.data()).stored(dataDir);
        return kind.images(config, dataDir);
    }

    /**
     * The results of a run that is done, as they were written.
     *
     * @throws InputException where they are damaged, or those of another kind of run
     */
    public static <R extends Record> R results(Path run, Class<R> type) throws IOException {
        Path file = run.resolve(RESULTS);
        try {
            return JSON.readValue(Files.readString(file), type);
        } catch (JsonProcessingException e) {
            throw new InputException(
                    file + ": cannot be read: " + e.getOriginalMessage() + "; expected the results of a finished"
                            + " run",
                    e);
        }
    }

    /** Whether a run is done: its results are written last. */
    static boolean isFinished(Path run) {
        return Files.isRegularFile(run.resolve(RESULTS));
    }

    /** Whether there is a run in this folder, finished or not. */
    static boolean isBegun(Path run) {
        return Files.isRegularFile(run.resolve(CONFIG));
    }

    /** Its folder. */
    public Path path() {
        return folder.path();
    }

    /** Its configuration. */
    public S config() {
        return config;
    }

    /** Passes over the training images. */
    public int epochs() {
        return config.epochs();
    }

    /** A short text of an epoch's averages, for progress. */
    public String figures(Map<String, Double> averages) {
        return kind.figures(config, averages);
    }

    /**
     * Trains to the end and tests, or until a stop is requested.
     *
     * @param listener follows the training
     * @param command the command line, for the record
     * @param watch receives the progress of training and test, and is polled for a stop after every step
     * @return empty where a stop was requested before all was done
     * @throws varepsilon.train.TrainingDivergedException where the loss is not finite
     */
    public Optional<R> train(TrainingListener listener, List<String> command, Watch watch) throws IOException {
        Engine.setThreads(config.threads()); // so that the provenance includes them
        recordProvenance(command);
        try (var events = new TensorBoardListener(folder.path(), hyperParameters(), Clock.systemUTC())) {
            R results = kind.train(new RunKind.Sitting<>(config, folder, dataDir, images, events, listener, watch));
            AtomicFile.writeString(folder.file(RESULTS), JSON.writeValueAsString(results) + "\n");
            return Optional.of(results);
        } catch (StoppedException e) {
            return Optional.empty();
        }
    }

    private void recordProvenance(List<String> command) throws IOException {
        Provenance.Data data = Provenance.Data.of(Datasets.named(config.data()), images, dataDir);
        List<Provenance.File> files = new ArrayList<>(data.files());
        for (Path file : kind.inputs(config, folder)) {
            files.add(new Provenance.File(file.toString(), Checksums.sha256(file)));
        }
        Provenance.record(
                folder.file("provenance.json"),
                config.seed(),
                new Provenance.Data(data.name(), data.images(), data.sha256(), files),
                command);
    }

    /** The configuration without its sections, since TensorBoard has none: {@code fitting.epochs}. */
    private Map<String, Object> hyperParameters() {
        Map<String, Object> values = new LinkedHashMap<>();
        flatten("", Yaml.tree((Record) config), values);
        return values;
    }

    private static void flatten(String prefix, JsonNode node, Map<String, Object> values) {
        node.fieldNames().forEachRemaining(key -> {
            String name = prefix + key;
            JsonNode value = node.get(key);
            if (value.isObject()) {
                flatten(name + ".", value, values);
            } else {
                values.put(name, value.isArray() ? value.toString() : JSON.convertValue(value, Object.class));
            }
        });
    }

    /** Releases the lock on the folder. */
    @Override
    public void close() throws IOException {
        folder.close();
    }
}
