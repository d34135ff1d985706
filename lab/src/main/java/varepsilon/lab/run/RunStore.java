package varepsilon.lab.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Checksums;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.train.RunDirectory;
import varepsilon.train.TrainingListener;

/**
 * Trainings by their configuration, in a folder. A training that is finished is not done again, one that was interrupted
 * goes on, and two of different configurations never meet: the name of a run's folder is a digest of its configuration
 * and of the weights that it begins with.
 *
 * @param folder where the runs live
 * @param dataDir where the data lies
 * @param command the command line, for the record
 * @param defects those that the training of a classifier may have
 * @param curves to draw beside those of a VAE
 * @param listeners follow each training
 * @param watch told how far each is, and asked after every step whether to stop
 */
public record RunStore(
        Path folder,
        Path dataDir,
        List<String> command,
        TrainingDefects defects,
        ReferenceCurves curves,
        Listeners listeners,
        Watch watch) {
    private static final int DIGITS = 12;

    /** Makes what follows a training. */
    public interface Listeners {
        /** For a VAE. */
        default TrainingListener of(VaeRun run) {
            return new TrainingListener() {};
        }

        /** For a classifier. */
        default TrainingListener of(ClassifierRun run) {
            return new TrainingListener() {};
        }
    }

    /** Where a training lives or will live. */
    public Path folder(VaeSpec config) {
        return folder.resolve("vae-" + config.data().replaceAll("[^a-z0-9-]+", "-") + "-z" + config.latentDim() + "-"
                + digest(config.toYaml()));
    }

    /** Where a training lives or will live. */
    public Path folder(ClassifierSpec config) throws IOException {
        String weights = config.network().weights();
        String initial = weights.isEmpty() ? "" : Checksums.sha256(RunDirectory.weightsOf(Path.of(weights)));
        return folder.resolve(
                config.network().architecture() + "-" + config.defense().name() + "-"
                        + digest(config.withWeights(initial).toYaml()));
    }

    private static String digest(String text) {
        return Checksums.sha256(text.getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS);
    }

    /** Whether a run is done: its results are written last. */
    public static boolean isFinished(Path run) {
        return Files.isRegularFile(run.resolve("results.json"));
    }

    /**
     * The run directory of a finished training of a VAE, done now if need be.
     *
     * @throws StoppedException where a stop was requested before it was done
     */
    public Path trained(VaeSpec config) throws IOException {
        Path run = folder(config);
        if (isFinished(run)) {
            return run;
        }
        prepare(run, Optional.empty());
        try (VaeRun training = isBegun(run)
                ? VaeRun.resume(run, OptionalInt.empty(), dataDir, curves)
                : VaeRun.begin(config, run, dataDir, curves)) {
            requireSame(config, training.config(), run);
            return finished(
                    run, training.train(listeners.of(training), command, watch).isPresent());
        }
    }

    /**
     * The run directory of a finished training of a classifier, done now if need be.
     *
     * @throws StoppedException where a stop was requested before it was done
     */
    public Path trained(ClassifierSpec config) throws IOException {
        Path run = folder(config);
        if (isFinished(run)) {
            return run;
        }
        prepare(
                run,
                Optional.of(config).filter(made -> !made.network().weights().isEmpty()));
        try (ClassifierRun training = isBegun(run)
                ? ClassifierRun.resume(run, OptionalInt.empty(), dataDir, defects)
                : ClassifierRun.begin(config, run, dataDir, defects)) {
            requireSame(config, training.config().withWeights(config.network().weights()), run);
            return finished(
                    run, training.train(listeners.of(training), command, watch).isPresent());
        }
    }

    private static Path finished(Path run, boolean done) {
        if (!done) {
            throw new StoppedException();
        }
        return run;
    }

    private static boolean isBegun(Path run) {
        return Files.isRegularFile(run.resolve("config.yaml"));
    }

    /** A digest is not the configuration itself, and a file can be edited. */
    private static void requireSame(Record asked, Record found, Path run) {
        if (!asked.equals(found)) {
            throw new InputException(run + ": its config.yaml is not the one that its name stands for; it was changed."
                    + " Move this folder away to train again");
        }
    }

    /** Clears what a process left that was killed before the run could be resumed. */
    private static void prepare(Path run, Optional<ClassifierSpec> withWeights) throws IOException {
        if (!Files.isDirectory(run)) {
            return;
        }
        boolean unusable =
                isBegun(run) && withWeights.isPresent() && !Files.isRegularFile(ClassifierRun.initialWeights(run));
        if (unusable) {
            delete(run);
        } else if (!isBegun(run)) {
            AtomicFile.removeLeftovers(run);
        }
    }

    private static void delete(Path run) throws IOException {
        try (var files = Files.walk(run)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
