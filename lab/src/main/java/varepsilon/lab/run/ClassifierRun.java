package varepsilon.lab.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
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
import varepsilon.base.Watch;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.Checksums;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.Yaml;
import varepsilon.report.TensorBoardListener;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.train.EpochResult;
import varepsilon.train.Fit;
import varepsilon.train.RunDirectory;
import varepsilon.train.TrainingListener;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/**
 * The training of a classifier in a run directory, from its configuration to its results: configuration, provenance,
 * metrics, checkpoints, curves, and the test once at the end.
 */
public final class ClassifierRun implements AutoCloseable {
    private static final String CONFIG = "config.yaml";
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final RunDirectory folder;
    private final ClassifierSpec config;
    private final Path dataDir;
    private final ImageSet images;
    private final TrainingDefects defects;

    private ClassifierRun(
            RunDirectory folder, ClassifierSpec config, Path dataDir, ImageSet images, TrainingDefects defects) {
        this.folder = folder;
        this.config = config;
        this.dataDir = dataDir;
        this.images = images;
        this.defects = defects;
    }

    /**
     * A new run. Nothing is written unless the data and the weights are there and fit.
     *
     * @param out a folder that is empty or not there
     * @param defects those that a training may have
     * @throws InputException where the data, the weights or the folder cannot be used
     */
    public static ClassifierRun begin(ClassifierSpec config, Path out, Path dataDir, TrainingDefects defects)
            throws IOException {
        defects.requireKnown(config.defense().defects());
        ImageSet images = images(config, dataDir);
        String weights = config.network().weights();
        if (!weights.isEmpty()) {
            requireFits(Path.of(weights), config, images);
        }
        ClassifierTraining.architecture(config, images);
        RunDirectory folder = RunDirectory.create(out, config.toYaml());
        try {
            if (!weights.isEmpty()) {
                keepWeights(Path.of(weights), config, initialWeights(folder));
            }
            return new ClassifierRun(folder, config, dataDir, images, defects);
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    private static void requireFits(Path weights, ClassifierSpec config, ImageSet images) throws IOException {
        try (ClassifierFile file = initial(weights, config)) {
            file.requireFits(images);
        }
    }

    private static ClassifierFile initial(Path weights, ClassifierSpec config) throws IOException {
        ClassifierFile.Stated stated = new ClassifierFile.Stated(
                Optional.of(config.network().architecture()),
                Optional.of(config.network().normalisation()));
        return ClassifierFile.read(weights, stated, Device.CPU);
    }

    /** So that a run can be resumed, also where the file that it began with has changed or gone. */
    private static void keepWeights(Path from, ClassifierSpec config, Path to) throws IOException {
        try (ClassifierFile file = initial(from, config)) {
            NetworkClassifier network = (NetworkClassifier) file.classifier();
            Safetensors.write(
                    to,
                    Weights.of(network.module().state(), network.architecture().metadata()));
        }
    }

    private static Path initialWeights(RunDirectory folder) {
        return initialWeights(folder.path());
    }

    /** The copy of the weights that a run began with. */
    static Path initialWeights(Path run) {
        return run.resolve("checkpoints").resolve("initial.safetensors");
    }

    /**
     * An earlier run, to go on with.
     *
     * @param epochs more epochs than it was made for, if any; its configuration then says so from now on
     * @param defects those that a training may have
     * @throws InputException where the folder is no run, another process holds it, or its configuration cannot be used
     */
    public static ClassifierRun resume(Path out, OptionalInt epochs, Path dataDir, TrainingDefects defects)
            throws IOException {
        RunDirectory folder = RunDirectory.open(out);
        try {
            ClassifierSpec config = ClassifierSpec.parse(folder.config(), folder.file(CONFIG));
            defects.requireKnown(config.defense().defects());
            if (epochs.isPresent()) {
                config = config.withEpochs(epochs.getAsInt());
            }
            ImageSet images = images(config, dataDir);
            if (epochs.isPresent()) {
                AtomicFile.writeString(folder.file(CONFIG), config.toYaml());
            }
            return new ClassifierRun(folder, config, dataDir, images, defects);
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    private static ImageSet images(ClassifierSpec config, Path dataDir) throws IOException {
        // Fails now where the test images are missing, not when hours of training are over.
        Datasets.named(config.images().data()).stored(dataDir);
        return ClassifierTraining.images(config.images(), config.seed(), dataDir);
    }

    /** Where it lives. */
    public Path path() {
        return folder.path();
    }

    /** What it does. */
    public ClassifierSpec config() {
        return config;
    }

    /** Batches from the start to the end. */
    public long batches() {
        return (long) config.fitting().epochs()
                * ClassifierTraining.of(config, images, defects).batchesPerEpoch();
    }

    /**
     * Trains to the end and tests, or works until a stop is requested.
     *
     * @param command the command line, for the record
     * @param listener follows the training
     * @param watch told of training and test, and asked after every step whether to stop
     * @return empty where a stop was requested before all was done
     * @throws varepsilon.train.TrainingDivergedException where the loss is no longer a number
     */
    public Optional<ClassifierResults> train(TrainingListener listener, List<String> command, Watch watch)
            throws IOException {
        Engine.setThreads(config.threads()); // so that provenance tells of them
        recordProvenance(command);
        ClassifierTraining.Trained trained;
        try (var events = new TensorBoardListener(folder.path(), hyperParameters(), Clock.systemUTC())) {
            Path initial = config.network().weights().isEmpty() ? null : initialWeights(folder);
            trained = ClassifierTraining.of(config, images, defects)
                    .run(
                            folder,
                            initial,
                            List.of(events, new ClassifierCurves(folder.path(), title()), listener),
                            watch);
        }
        return trained.outcome().complete() ? test(trained, watch) : Optional.empty();
    }

    private void recordProvenance(List<String> command) throws IOException {
        Provenance.Data data = Provenance.Data.of(Datasets.named(config.images().data()), images, dataDir);
        List<Provenance.File> files = new ArrayList<>(data.files());
        if (!config.network().weights().isEmpty()) {
            Path initial = initialWeights(folder);
            files.add(new Provenance.File(initial.toString(), Checksums.sha256(initial)));
        }
        Provenance.record(
                folder.file("provenance.json"),
                config.seed(),
                new Provenance.Data(data.name(), data.images(), data.sha256(), files),
                command);
    }

    /** The configuration without its sections, since TensorBoard knows none: {@code fitting.epochs}. */
    private Map<String, Object> hyperParameters() {
        Map<String, Object> values = new LinkedHashMap<>();
        flatten("", Yaml.tree(config), values);
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

    private String title() {
        return config.network().architecture() + " on " + config.images().data() + ", "
                + config.defense().name();
    }

    private Optional<ClassifierResults> test(ClassifierTraining.Trained trained, Watch watch) throws IOException {
        int limit = config.images().testLimit();
        ImageSet all = Datasets.load(config.images().data(), Split.TEST, dataDir);
        ImageSet test = limit > 0 ? all.limit(limit) : all;
        Device device = Device.parse(config.device());
        AttackSpec check = config.check();
        List<Trial> trials =
                check.present() ? List.of(Trial.untargeted(check.attack(), check.threatModel())) : List.of();
        try (ClassifierFile best = ClassifierFile.read(folder.bestWeights(), device)) {
            RobustnessReport report = new RobustEvaluation(
                            trials, config.fitting().batchSize(), config.seed(), device)
                    .of(best.classifier(), test, watch.as("testing"));
            if (!report.complete()) {
                return Optional.empty();
            }
            ClassifierResults results = results(trained, report);
            AtomicFile.writeString(folder.file("results.json"), JSON.writeValueAsString(results) + "\n");
            return Optional.of(results);
        }
    }

    private ClassifierResults results(ClassifierTraining.Trained trained, RobustnessReport report) {
        Fit.Result outcome = trained.outcome();
        EpochResult last = outcome.history().get(outcome.history().size() - 1);
        EpochResult best = outcome.history().get(outcome.bestEpoch());
        Accuracy clean = report.clean();
        AttackOutcome attack = config.check().present()
                ? AttackOutcome.of(config.check(), report, report.trials().get(0), null)
                : null;
        return new ClassifierResults(
                folder.path().toString(),
                config.images().data(),
                config.network().architecture(),
                config.defense().name(),
                trained.parameters(),
                outcome.history().size(),
                last.step(),
                last.seconds(),
                trained.forwardPasses(),
                trained.backwardPasses(),
                outcome.stopped().orElse(null),
                outcome.bestEpoch(),
                best.validation("accuracy"),
                best.validation().get("robust_accuracy"),
                new ClassifierResults.Test(
                        clean.n(),
                        clean.correct(),
                        clean.rate(),
                        clean.interval().bounds(),
                        attack));
    }

    /** Lets other processes in. */
    @Override
    public void close() throws IOException {
        folder.close();
    }
}
