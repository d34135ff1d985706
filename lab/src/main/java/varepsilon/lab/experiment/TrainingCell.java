package varepsilon.lab.experiment;

import java.io.IOException;
import java.nio.file.Path;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.spec.RunSpec;

/**
 * A training.
 *
 * @param label what it is, for display
 * @param folder the run directory
 * @param training trains there
 */
public record TrainingCell(String label, Path folder, Training training) implements Cell {
    /** Trains to the end, or resumes the training. */
    @FunctionalInterface
    public interface Training {
        /** Trains. */
        void run() throws IOException;
    }

    /** The training of a model. */
    public static TrainingCell of(String label, RunSpec spec, RunStore runs) throws IOException {
        return new TrainingCell(label, runs.folder(spec), () -> runs.trained(spec));
    }

    @Override
    public String key() {
        return folder.getFileName().toString();
    }

    @Override
    public boolean isDone() {
        return RunStore.isFinished(folder);
    }

    @Override
    public void run() throws IOException {
        training.run();
    }
}
