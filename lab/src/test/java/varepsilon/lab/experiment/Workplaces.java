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
        RunStore runs = new RunStore(
                folder.resolve("runs"),
                folder,
                List.of("test"),
                new PublishedTraining(),
                new PublishedCurves(),
                RunStore.Listeners.NONE,
                Watch.NONE);
        return new Workplace(folder.resolve("experiment"), runs);
    }
}
