package varepsilon.lab.experiment;

import java.nio.file.Path;
import varepsilon.base.StoppedException;
import varepsilon.lab.run.RunStore;

/**
 * The folders and the run store of an experiment.
 *
 * @param folder holds its files
 * @param runs trains models, or finds them trained
 */
public record Workplace(Path folder, RunStore runs) {
    /** The data folder. */
    public Path dataDir() {
        return runs.dataDir();
    }

    /**
     * Reports progress.
     *
     * @throws StoppedException where a stop is requested
     */
    public void progress(String what, long done, long all) {
        runs.watch().throwing().progress(what, done, all);
    }
}
