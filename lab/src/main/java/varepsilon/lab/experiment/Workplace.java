package varepsilon.lab.experiment;

import java.nio.file.Path;
import varepsilon.base.StoppedException;
import varepsilon.lab.run.RunStore;

/**
 * Where an experiment works.
 *
 * @param folder holds its files
 * @param runs trains models, or finds them trained
 */
public record Workplace(Path folder, RunStore runs) {
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
        runs.watch().throwing().progress(what, done, all);
    }
}
