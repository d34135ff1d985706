package varepsilon.lab.study;

import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import varepsilon.base.Watch;
import varepsilon.lab.experiment.Workplaces;
import varepsilon.lab.run.RunStore;
import varepsilon.tensor.Device;

/** What studies work with in tests: small, on one thread of the processor, with nobody watching. */
final class Contexts {
    private Contexts() {}

    /** On the drawn digits; trainings live in the folder. */
    static StudyContext smoke(Path runs) {
        return smoke(runs, () -> false);
    }

    /** The same, for a study that may be asked to stop. */
    static StudyContext smoke(Path runs, BooleanSupplier stopRequested) {
        return of(StudyContext.Size.SMOKE, runs, runs, stopRequested);
    }

    /** Of another size, with the data in a folder. */
    static StudyContext of(StudyContext.Size size, Path runs, Path dataDir, BooleanSupplier stopRequested) {
        RunStore store = Workplaces.runs(runs, dataDir, Watch.stopWhen(stopRequested));
        return new StudyContext(size, null, 42, 1, Device.CPU, store);
    }
}
