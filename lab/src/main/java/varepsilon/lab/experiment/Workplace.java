package varepsilon.lab.experiment;

import java.nio.file.Path;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.run.StoppedException;

/**
 * Where an experiment works and who looks on.
 *
 * @param folder holds its files
 * @param runs trains models, or finds them trained
 * @param watcher hears how far it is
 */
public record Workplace(Path folder, RunStore runs, Watcher watcher) {
    /** Hears how far an experiment is. */
    public interface Watcher {
        /** A cell begins: so many of its stage's are done. */
        void begins(Cell cell, int done, int all);

        /** So many of all units of what is being done are done. */
        void progress(String what, long done, long all);

        /** All that is left is being done by other processes. */
        void waits(int cells);
    }

    /** Where the data lies. */
    public Path dataDir() {
        return runs.dataDir();
    }

    /**
     * Tells how far it is.
     *
     * @throws StoppedException where it is to stop
     */
    public void progress(String what, long done, long all) {
        watcher.progress(what, done, all);
        if (runs.stopRequested().getAsBoolean()) {
            throw new StoppedException();
        }
    }
}
