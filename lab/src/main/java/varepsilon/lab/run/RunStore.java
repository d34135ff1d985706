package varepsilon.lab.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
import varepsilon.lab.spec.RunSpec;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.train.TrainingListener;

/**
 * Trainings by their configuration, in a folder. A finished training is reused, an interrupted one is resumed, and
 * different configurations have different folders: the name of a run's folder is a digest of its configuration and of
 * the weights that it begins with.
 *
 * @param folder of the runs
 * @param dataDir the data folder
 * @param command the command line, for the record
 * @param defects those that the training of a classifier may have
 * @param curves to draw beside those of a VAE
 * @param listeners follow each training
 * @param watch receives the progress of each, and is polled for a stop after every step
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

    /** Creates the listeners of a training. */
    @FunctionalInterface
    public interface Listeners {
        /** No listeners. */
        Listeners NONE = run -> new TrainingListener() {};

        /** The listeners of this run. */
        TrainingListener of(Run<?, ?> run);
    }

    /**
     * Checks a configuration as far as that is possible without reading a file.
     *
     * @throws InputException where it cannot be used
     */
    public <S extends RunSpec> void requireKnown(S spec) {
        kindOf(spec).requireKnown(spec);
    }

    /** The folder of a training. */
    public <S extends RunSpec> Path folder(S spec) throws IOException {
        return folder(kindOf(spec), spec);
    }

    private <S extends RunSpec> Path folder(RunKind<S, ?> kind, S config) throws IOException {
        Path named = folder.resolve(kind.folderName(config));
        return Files.exists(named) ? named : earlier(kind, config, named).orElse(named);
    }

    /** The folder of the same training under the name that an earlier version gave it: it wrote other keys. */
    private <S extends RunSpec> Optional<Path> earlier(RunKind<S, ?> kind, S config, Path named) throws IOException {
        if (!Files.isDirectory(folder) || !kind.isToldByConfiguration(config)) {
            return Optional.empty();
        }
        String name = named.getFileName().toString();
        String prefix = name.substring(0, name.length() - DIGITS);
        try (var runs = Files.newDirectoryStream(folder, prefix + "*")) {
            for (Path run : runs) {
                if (Run.isBegun(run) && isOf(kind, config, run)) {
                    return Optional.of(run);
                }
            }
        }
        return Optional.empty();
    }

    private static <S extends RunSpec> boolean isOf(RunKind<S, ?> kind, S config, Path run) throws IOException {
        Path file = run.resolve(Run.CONFIG);
        try {
            return kind.parse(Files.readString(file), file).equals(config);
        } catch (InputException | NoSuchFileException e) {
            return false; // another's, damaged, or just removed
        }
    }

    /** A specification and the kind of its runs have the same type. */
    @SuppressWarnings("unchecked")
    private <S extends RunSpec> RunKind<S, ?> kindOf(S spec) {
        return (RunKind<S, ?>) (spec instanceof VaeSpec ? new VaeRuns(curves) : new ClassifierRuns(defects));
    }

    /** Names of data sets hold a path where they are a folder. */
    static String inFileName(String name) {
        return name.replaceAll("[^a-z0-9-]+", "-");
    }

    static String digest(String text) {
        return Checksums.sha256(text.getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS);
    }

    /** Whether a run is done: its results are written last. */
    public static boolean isFinished(Path run) {
        return Run.isFinished(run);
    }

    /**
     * The run directory of a finished training, which runs now where it has not run before.
     *
     * @throws StoppedException where a stop was requested before it was done
     */
    public <S extends RunSpec> Path trained(S spec) throws IOException {
        return trained(kindOf(spec), spec);
    }

    private <S extends RunSpec, R extends Record> Path trained(RunKind<S, R> kind, S config) throws IOException {
        Path path = folder(kind, config);
        if (isFinished(path)) {
            return path;
        }
        clear(kind, config, path);
        try (Run<S, R> run = Run.isBegun(path)
                ? Run.resume(kind, path, OptionalInt.empty(), dataDir)
                : Run.begin(kind, config, path, dataDir)) {
            requireSame(config, kind.comparable(run.config(), config), path);
            if (run.train(listeners.of(run), command, watch).isEmpty()) {
                throw new StoppedException();
            }
            return path;
        }
    }

    /** Checks the stored configuration, because digests can collide and files can be edited. */
    private static void requireSame(RunSpec requested, RunSpec found, Path run) {
        if (!requested.equals(found)) {
            throw new InputException(run + ": its config.yaml does not match the folder's name; it was changed."
                    + " Move this folder away to train again");
        }
    }

    /**
     * Clears what a run left that was killed before it could be resumed: leftovers where its configuration is missing, the
     * whole folder where its initial weights are.
     */
    private static <S extends RunSpec> void clear(RunKind<S, ?> kind, S config, Path run) throws IOException {
        if (!Files.isDirectory(run)) {
            return;
        }
        if (!Run.isBegun(run)) {
            AtomicFile.removeLeftovers(run);
        } else if (!kind.canResume(config, run)) {
            delete(run);
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
