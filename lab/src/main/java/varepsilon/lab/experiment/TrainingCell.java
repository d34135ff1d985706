package varepsilon.lab.experiment;

import java.io.IOException;
import java.nio.file.Path;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.VaeSpec;

/**
 * A training.
 *
 * @param label what it is, for people
 * @param folder the run directory
 * @param training trains there
 */
public record TrainingCell(String label, Path folder, Training training) implements Cell {
    /** Trains to the end, or goes on with it. */
    @FunctionalInterface
    public interface Training {
        /** Does so. */
        void run() throws IOException;
    }

    /** The training of a classifier. */
    public static TrainingCell of(String label, ClassifierSpec config, RunStore runs) throws IOException {
        return new TrainingCell(label, runs.folder(config), () -> runs.trained(config));
    }

    /** The training of a VAE. */
    public static TrainingCell of(String label, VaeSpec config, RunStore runs) {
        return new TrainingCell(label, runs.folder(config), () -> runs.trained(config));
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
