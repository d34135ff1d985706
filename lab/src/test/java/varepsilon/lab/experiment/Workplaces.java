package varepsilon.lab.experiment;

import java.nio.file.Path;
import java.util.List;
import varepsilon.lab.published.PublishedCurves;
import varepsilon.lab.published.PublishedTraining;
import varepsilon.lab.run.ClassifierRun;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.run.RunWatcher;
import varepsilon.lab.run.VaeRun;

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
                new Silence(),
                () -> false);
        return new Workplace(folder.resolve("experiment"), runs, new Nobody());
    }

    private record Nobody() implements Workplace.Watcher {
        @Override
        public void begins(Cell cell, int done, int all) {}

        @Override
        public void progress(String what, long done, long all) {}

        @Override
        public void waits(int cells) {}
    }

    private static final class Silence implements RunStore.Watchers {
        @Override
        public RunWatcher of(VaeRun run) {
            return new RunWatcher() {};
        }

        @Override
        public RunWatcher of(ClassifierRun run) {
            return new RunWatcher() {};
        }
    }
}
