package varepsilon.lab.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import varepsilon.lab.experiment.Experiments;
import varepsilon.lab.experiment.GridKind;
import varepsilon.lab.experiment.Workplace;
import varepsilon.lab.published.PublishedCurves;
import varepsilon.lab.published.PublishedTraining;
import varepsilon.lab.published.RobustnessKind;
import varepsilon.lab.run.RunStore;

/** Where an experiment of the command line works. */
final class ExperimentPlace {
    /** Where trainings live that nobody named a folder for: experiments and studies find each other's there. */
    static final String TRAININGS = "runs/trainings";

    /** The experiments that there are. */
    static final Experiments EXPERIMENTS =
            new Experiments(List.of(GridKind.VAE, GridKind.CLASSIFIER, new RobustnessKind()));

    private ExperimentPlace() {}

    /** Trainings of experiments and studies. */
    static RunStore trainings(
            Path folder, Path dataDir, List<String> arguments, WorkProgress progress, BooleanSupplier stopRequested) {
        return new RunStore(
                folder, dataDir, arguments, new PublishedTraining(), new PublishedCurves(), progress, stopRequested);
    }

    /** @param runs where its trainings live */
    static Workplace of(
            Path folder,
            Path runs,
            Path dataDir,
            List<String> arguments,
            WorkProgress progress,
            BooleanSupplier stopRequested) {
        return new Workplace(folder, trainings(runs, dataDir, arguments, progress, stopRequested), progress);
    }
}
