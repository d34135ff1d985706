package varepsilon.lab.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.ImageSet;
import varepsilon.lab.spec.RunSpec;
import varepsilon.report.TensorBoardListener;
import varepsilon.train.RunDirectory;
import varepsilon.train.TrainingListener;

/**
 * The parts of a run that depend on the kind of model; {@link Run} has the common parts.
 *
 * @param <S> the configuration
 * @param <R> the results
 */
public interface RunKind<S extends RunSpec, R extends Record> {
    /**
     * The configuration that a file holds.
     *
     * @param file named in messages
     * @throws InputException where it cannot be used
     */
    S parse(String yaml, Path file);

    /**
     * The configuration with more epochs.
     *
     * @throws InputException where there are fewer, or the rest of it depends on their number
     */
    S withEpochs(S config, int epochs);

    /**
     * Checks the parts of a configuration that the specification does not check; reads no file.
     *
     * @throws InputException where it cannot be used
     */
    default void requireKnown(S config) {}

    /**
     * The images that are split into those to train on and those held out.
     *
     * @throws InputException where they are missing, or no such model takes them
     */
    ImageSet images(S config, Path dataDir) throws IOException;

    /**
     * Checks what a new run needs besides images, before anything is written.
     *
     * @throws InputException where it cannot be used
     */
    default void requireUsable(S config, ImageSet images) throws IOException {}

    /** Writes the files that a new run needs besides its configuration. */
    default void prepare(S config, RunDirectory folder) throws IOException {}

    /** Input files other than images. */
    default List<Path> inputs(S config, RunDirectory folder) {
        return List.of();
    }

    /**
     * The name of the folder in a {@link RunStore}, made of the configuration and what it refers to.
     *
     * @throws InputException where that is not there
     */
    String folderName(S config) throws IOException;

    /** Whether the configuration alone decides the results; false where it names files that may change. */
    default boolean isToldByConfiguration(S config) {
        return true;
    }

    /** Whether an interrupted run has all files that it needs to resume. */
    default boolean canResume(S config, Path run) {
        return true;
    }

    /** The configuration that was found, with the settings that may differ taken from the requested one. */
    default S comparable(S found, S requested) {
        return found;
    }

    /** A short text of an epoch's averages, for progress. */
    String figures(S config, Map<String, Double> averages);

    /**
     * One start or resume of a run.
     *
     * @param config of the run
     * @param folder of the run
     * @param dataDir the data folder
     * @param images to train on and to hold out
     * @param events the event file of the training
     * @param listener follows the training
     * @param watch receives the progress of training and test
     */
    record Sitting<S>(
            S config,
            RunDirectory folder,
            Path dataDir,
            ImageSet images,
            TensorBoardListener events,
            TrainingListener listener,
            Watch watch) {}

    /**
     * Trains to the end from the run's checkpoint, and tests the best weights.
     *
     * @throws StoppedException where a stop was requested before all was done; the training is saved
     */
    R train(Sitting<S> sitting) throws IOException;
}
