package varepsilon.train;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;

/**
 * The folder of one run, held by one process at a time. Its {@code config.yaml} marks it as a run; a folder without one
 * is never written into unless it is empty.
 */
public final class RunDirectory implements AutoCloseable {
    private static final String CONFIG = "config.yaml";

    private final Path path;
    private final FileChannel lockFile;

    private RunDirectory(Path path) throws IOException {
        this.path = path;
        this.lockFile = FileChannel.open(path.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!locked()) {
            lockFile.close();
            throw new InputException(path + ": another process is training in this folder; wait for it or stop it");
        }
    }

    private boolean locked() throws IOException {
        try {
            FileLock lock = lockFile.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /**
     * Makes a new run in a folder that is empty or not there.
     *
     * @param config the complete configuration, as YAML
     * @throws InputException where the folder holds something already, or cannot be made
     */
    public static RunDirectory create(Path path, String config) throws IOException {
        if (Files.exists(path.resolve(CONFIG))) {
            throw new OccupiedFolderException(
                    path + ": holds a run already; resume it, or choose another folder", true);
        }
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new InputException(path + ": is a file; expected a folder for the run");
        }
        if (Files.isDirectory(path)) {
            try (var entries = Files.newDirectoryStream(path, entry -> !entry.endsWith(".lock"))) {
                if (entries.iterator().hasNext()) {
                    throw new OccupiedFolderException(
                            path + ": is not empty and not a run; choose another folder, so that nothing is lost",
                            false);
                }
            }
        }
        try {
            Files.createDirectories(path);
        } catch (FileSystemException e) {
            throw new InputException(path + ": this folder cannot be made for the run: " + e, e);
        }
        RunDirectory run = new RunDirectory(path);
        try {
            AtomicFile.writeString(path.resolve(CONFIG), config);
        } catch (IOException e) {
            run.close();
            throw e;
        }
        return run;
    }

    /**
     * Opens the folder of an earlier run to go on with it.
     *
     * @throws InputException where it is not a run, or another process holds it
     */
    public static RunDirectory open(Path path) throws IOException {
        if (!Files.isRegularFile(path.resolve(CONFIG))) {
            throw new InputException(path + ": not a run (there is no " + CONFIG + " in it)");
        }
        RunDirectory run = new RunDirectory(path);
        try {
            AtomicFile.removeLeftovers(path);
            AtomicFile.removeLeftovers(run.checkpoint().getParent());
        } catch (IOException e) {
            run.close();
            throw e;
        }
        return run;
    }

    /** The folder. */
    public Path path() {
        return path;
    }

    /** The configuration that the run was made with, as YAML. */
    public String config() throws IOException {
        return Files.readString(path.resolve(CONFIG));
    }

    /** A file of the run. */
    public Path file(String name) {
        return path.resolve(name);
    }

    /**
     * The weight file of a path: a run's folder stands for its best weights, any other path for itself.
     *
     * @throws InputException where it is a folder without them
     */
    public static Path weightsOf(Path fileOrRun) {
        if (!Files.isDirectory(fileOrRun)) {
            return fileOrRun;
        }
        Path best = bestWeights(fileOrRun);
        if (!Files.isRegularFile(best)) {
            throw new InputException(fileOrRun + ": there are no best weights in this folder (" + best
                    + "); expected a weight file, or a run that has finished an epoch");
        }
        return best;
    }

    /** Weights after the last checkpoint. */
    public Path lastWeights() {
        return path.resolve("checkpoints").resolve("last.safetensors");
    }

    /** Weights of the epoch that did best on held-out data. */
    public Path bestWeights() {
        return bestWeights(path);
    }

    private static Path bestWeights(Path run) {
        return run.resolve("checkpoints").resolve("best.safetensors");
    }

    /** The checkpoint from which training resumes. */
    Path checkpoint() {
        return path.resolve("checkpoints").resolve("training.safetensors");
    }

    /** Releases the lock on the folder. */
    @Override
    public void close() throws IOException {
        lockFile.close();
    }
}
