package varepsilon.lab.experiment;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;

/**
 * Runs the unfinished cells of an experiment. Several processes may do so in one folder at the same time: each cell is
 * held by a file lock, which the system releases when a process ends for any reason. So no coordination is needed, and
 * no lock is left behind.
 */
public final class CellRunner {
    private static final long PAUSE_MILLIS = 500;

    private final Workplace workplace;

    /** For the cells of one experiment. */
    public CellRunner(Workplace workplace) {
        this.workplace = workplace;
    }

    /**
     * Returns when all cells of all stages are done.
     *
     * @throws StoppedException where a stop was requested before
     */
    public void run(List<Stage> stages) throws IOException {
        int waitingFor = 0;
        for (Stage stage : stages) {
            List<Cell> cells = stage.cells();
            while (true) {
                int done = (int) cells.stream().filter(Cell::isDone).count();
                if (done == cells.size()) {
                    break;
                }
                int left = cells.size() - done;
                if (runOne(cells, done)) {
                    waitingFor = 0;
                } else {
                    if (left != waitingFor) {
                        watch().say("Waiting for " + left + " that other processes run");
                        waitingFor = left;
                    }
                    pause();
                }
            }
        }
    }

    /** Cells of all stages that are done, up to the first stage that is not. */
    public static Optional<Cell> firstMissing(List<Stage> stages) throws IOException {
        for (Stage stage : stages) {
            Optional<Cell> missing =
                    stage.cells().stream().filter(cell -> !cell.isDone()).findFirst();
            if (missing.isPresent()) {
                return missing;
            }
        }
        return Optional.empty();
    }

    /** False where other processes hold all that is left. */
    private boolean runOne(List<Cell> cells, int done) throws IOException {
        for (Cell cell : cells) {
            if (cell.isDone()) {
                continue;
            }
            try (FileChannel file = lockFile(cell)) {
                if (!locked(file)) {
                    continue;
                }
                // It may have been done between the first look and the lock.
                if (!cell.isDone()) {
                    watch().say("[" + (done + 1) + " of " + cells.size() + "] " + cell.label());
                    cell.run();
                }
                return true;
            }
        }
        return false;
    }

    private FileChannel lockFile(Cell cell) throws IOException {
        Path folder = workplace.folder().resolve("locks");
        Files.createDirectories(folder);
        return FileChannel.open(folder.resolve(cell.key()), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    private static boolean locked(FileChannel file) throws IOException {
        try {
            FileLock lock = file.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private Watch watch() {
        return workplace.runs().watch();
    }

    private void pause() {
        if (watch().stopRequested()) {
            throw new StoppedException();
        }
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppedException();
        }
    }
}
