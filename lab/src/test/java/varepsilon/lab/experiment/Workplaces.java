package varepsilon.lab.experiment;

import java.nio.file.Path;
import java.util.List;
import varepsilon.base.Watch;
import varepsilon.lab.published.PublishedCurves;
import varepsilon.lab.published.PublishedTraining;
import varepsilon.lab.run.RunStore;

/** Where experiments work in tests, with nobody looking on. */
public final class Workplaces {
    private Workplaces() {}

    /** Its experiment and its trainings in folders of this one. */
    public static Workplace in(Path folder) {
        return new Workplace(folder.resolve("experiment"), runs(folder.resolve("runs"), folder, Watch.NONE));
    }

    /** Trainings in a folder, with the data in another. */
    public static RunStore runs(Path folder, Path dataDir, Watch watch) {
        return new RunStore(
                folder,
                dataDir,
                List.of("test"),
                new PublishedTraining(),
                new PublishedCurves(),
                RunStore.Listeners.NONE,
                watch);
    }
}
