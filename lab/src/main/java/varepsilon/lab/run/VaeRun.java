package varepsilon.lab.run;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeEvaluation;
import varepsilon.generative.VaeFile;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.lab.spec.Yaml;
import varepsilon.report.TensorBoardListener;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.train.EpochResult;
import varepsilon.train.Fit;
import varepsilon.train.RunDirectory;
import varepsilon.train.TrainingListener;

/**
 * The training of a VAE in a run directory, from its configuration to its results: configuration, provenance, metrics,
 * checkpoints, pictures, and the test once at the end.
 */
public final class VaeRun implements AutoCloseable {
    private static final String CONFIG = "config.yaml";
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final RunDirectory folder;
    private final VaeSpec config;
    private final Path dataDir;
    private final ImageSet images;
    private final ReferenceCurves curves;

    private VaeRun(RunDirectory folder, VaeSpec config, Path dataDir, ImageSet images, ReferenceCurves curves) {
        this.folder = folder;
        this.config = config;
        this.dataDir = dataDir;
        this.images = images;
        this.curves = curves;
    }

    /**
     * A new run. Nothing is written unless the data is there.
     *
     * @param out a folder that is empty or not there
     * @param curves to draw beside its own
     * @throws InputException where the data or the folder cannot be used
     */
    public static VaeRun begin(VaeSpec config, Path out, Path dataDir, ReferenceCurves curves) throws IOException {
        ImageSet images = images(config, dataDir);
        return new VaeRun(RunDirectory.create(out, config.toYaml()), config, dataDir, images, curves);
    }

    /**
     * An earlier run, to go on with.
     *
     * @param epochs more epochs than it was made for, if any; its configuration then says so from now on
     * @param curves to draw beside its own
     * @throws InputException where the folder is no run, another process holds it, or its configuration cannot be used
     */
    public static VaeRun resume(Path out, OptionalInt epochs, Path dataDir, ReferenceCurves curves) throws IOException {
        RunDirectory folder = RunDirectory.open(out);
        try {
            VaeSpec config = VaeSpec.parse(folder.config(), folder.file(CONFIG));
            if (epochs.isPresent()) {
                config = moreEpochs(config, epochs.getAsInt());
            }
            ImageSet images = images(config, dataDir);
            if (epochs.isPresent()) {
                AtomicFile.writeString(folder.file(CONFIG), config.toYaml());
            }
            return new VaeRun(folder, config, dataDir, images, curves);
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    private static VaeSpec moreEpochs(VaeSpec config, int epochs) {
        if (epochs < config.epochs()) {
            throw new InputException(
                    "epochs " + epochs + ": the run is made for " + config.epochs() + "; expected at least as many");
        }
        return config.withEpochs(epochs);
    }

    private static ImageSet images(VaeSpec config, Path dataDir) throws IOException {
        // Fails now where the test images are missing, not when hours of training are over.
        Datasets.named(config.data()).stored(dataDir);
        return VaeTraining.images(config, dataDir);
    }

    /** Where it lives. */
    public Path path() {
        return folder.path();
    }

    /** What it does. */
    public VaeSpec config() {
        return config;
    }

    /** Optimizer steps from the start to the end. */
    public long steps() {
        return (long) config.epochs() * VaeTraining.stepsPerEpoch(config, images.size());
    }

    /**
     * Trains to the end and tests, or trains until a stop is requested.
     *
     * @param command the command line, for the record
     * @param listener follows the training
     * @param watch told of training and test, and asked after every step whether to stop
     * @return empty where a stop was requested before all was done
     * @throws varepsilon.train.TrainingDivergedException where the loss is no longer a number
     */
    public Optional<VaeResults> train(TrainingListener listener, List<String> command, Watch watch) throws IOException {
        Engine.setThreads(config.threads()); // so that provenance tells of them
        Provenance.Data data = Provenance.Data.of(Datasets.named(config.data()), images, dataDir);
        Provenance.record(folder.file("provenance.json"), config.seed(), data, command);
        Fit.Result outcome;
        try (var events = new TensorBoardListener(folder.path(), hyperParameters(), Clock.systemUTC())) {
            outcome = VaeTraining.run(
                    config, folder, images, vae -> List.of(events, pictures(vae, events), listener), watch);
        }
        if (!outcome.complete()) {
            return Optional.empty();
        }
        try {
            return Optional.of(test(outcome, watch.as("testing")));
        } catch (StoppedException e) {
            return Optional.empty();
        }
    }

    private TrainingPictures pictures(Vae vae, TensorBoardListener events) {
        return new TrainingPictures(vae, folder.path(), title(), config.samplesEvery(), config.epochs(), config.seed())
                .published(curves.of(config))
                .showTo(events::picture);
    }

    private Map<String, Object> hyperParameters() {
        return JSON.convertValue(Yaml.tree(config), new TypeReference<LinkedHashMap<String, Object>>() {});
    }

    private String title() {
        return String.format(Locale.ROOT, "VAE on %s, %d latent dimensions", config.data(), config.latentDim());
    }

    private VaeResults test(Fit.Result outcome, Watch watch) throws IOException {
        ImageSet test = Datasets.load(config.data(), Split.TEST, dataDir);
        try (VaeFile best = VaeFile.read(folder.bestWeights(), Device.parse(config.device()))) {
            best.requireFits(test);
            VaeEvaluation evaluation = VaeEvaluation.of(
                    best.vae(), test, VaeEvaluation.Settings.elbo(config.batchSize(), config.seed()), watch);
            EpochResult last = outcome.history().get(outcome.history().size() - 1);
            VaeResults results = new VaeResults(
                    folder.path().toString(),
                    config.data(),
                    config.latentDim(),
                    best.vae().parameterCount(),
                    outcome.history().size(),
                    last.step(),
                    last.seconds(),
                    outcome.bestEpoch(),
                    outcome.history().get(outcome.bestEpoch()).validation("bpd"),
                    evaluation.bpdUnit(),
                    evaluation);
            AtomicFile.writeString(folder.file("results.json"), JSON.writeValueAsString(results) + "\n");
            return results;
        }
    }

    /** Lets other processes in. */
    @Override
    public void close() throws IOException {
        folder.close();
    }
}
