package varepsilon.lab.cli;

import java.nio.file.Path;
import java.util.List;
import varepsilon.lab.experiment.ClassifierGrid;
import varepsilon.lab.experiment.Experiments;
import varepsilon.lab.experiment.VaeGrid;
import varepsilon.lab.experiment.Workplace;
import varepsilon.lab.published.PublishedCurves;
import varepsilon.lab.published.PublishedTraining;
import varepsilon.lab.published.RobustnessKind;
import varepsilon.lab.run.RunStore;

/** The folders of an experiment run from the command line. */
final class ExperimentPlace {
    /** The default folder of trainings, shared by experiments and studies. */
    static final String TRAININGS = "runs/trainings";

    /** The experiments. */
    static final Experiments EXPERIMENTS =
            new Experiments(List.of(new VaeGrid(), new ClassifierGrid(), new RobustnessKind()));

    private ExperimentPlace() {}

    /** Trains with progress on the terminal. */
    static RunStore store(Path runs, Path dataDir, List<String> arguments, WorkProgress progress) {
        return new RunStore(
                runs,
                dataDir,
                arguments,
                new PublishedTraining(),
                new PublishedCurves(),
                run -> new TrainingProgress(run, progress),
                progress);
    }

    /** @param runs folder of its trainings */
    static Workplace of(Path folder, Path runs, Path dataDir, List<String> arguments, WorkProgress progress) {
        return new Workplace(folder, store(runs, dataDir, arguments, progress));
    }
}
