package varepsilon.lab.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import varepsilon.lab.experiment.Workplace;
import varepsilon.lab.run.RunStore;

/** Where an experiment of the command line works. */
final class ExperimentPlace {
    /** Where trainings live that nobody named a folder for: experiments and studies find each other's there. */
    static final String TRAININGS = "runs/trainings";

    private ExperimentPlace() {}

    /** @param runs where its trainings live */
    static Workplace of(
            Path folder,
            Path runs,
            Path dataDir,
            List<String> arguments,
            WorkProgress progress,
            BooleanSupplier stopRequested) {
        RunStore store = new RunStore(runs, dataDir, arguments, progress, stopRequested);
        return new Workplace(folder, store, progress);
    }
}
