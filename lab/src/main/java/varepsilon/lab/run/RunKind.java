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
 * What is particular to the runs of one kind of model; {@link Run} does the rest.
 *
 * @param <S> the configuration
 * @param <R> the results
 */
public interface RunKind<S extends RunSpec, R extends Record> {
    /**
     * What every configuration has.
     *
     * @param data name of the data set
     * @param epochs passes over the training images
     * @param seed decides everything that is random
     * @param threads threads of one operation
     */
    record Basics(String data, int epochs, long seed, int threads) {}

    /** What every configuration has, of this one. */
    Basics basics(S config);

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
     * The images that are split into those to train on and those held out.
     *
     * @throws InputException where they are not there, or no such model is made for them
     */
    ImageSet images(S config, Path dataDir) throws IOException;

    /**
     * Checks what a new run needs besides images, before anything is written.
     *
     * @throws InputException where it cannot be used
     */
    default void requireUsable(S config, ImageSet images) throws IOException {}

    /** Puts into the folder of a new run what it needs besides its configuration. */
    default void prepare(S config, RunDirectory folder) throws IOException {}

    /** Files other than images that decide what comes out. */
    default List<Path> inputs(S config, RunDirectory folder) {
        return List.of();
    }

    /**
     * The name of the folder in a {@link RunStore}, made of the configuration and what it refers to.
     *
     * @throws InputException where that is not there
     */
    String folderName(S config) throws IOException;

    /** Whether the configuration alone says what comes out; not where it names files that may change. */
    default boolean isToldByConfiguration(S config) {
        return true;
    }

    /** Whether a run that was begun has all that it needs to go on. */
    default boolean canResume(S config, Path run) {
        return true;
    }

    /** The configuration that was found where this one was asked for, with what may differ taken from it. */
    default S comparable(S found, S asked) {
        return found;
    }

    /** What a person wants to see of the averages of an epoch while training, in a few words. */
    String figures(S config, Map<String, Double> averages);

    /**
     * A sitting of a run.
     *
     * @param config of the run
     * @param folder of the run
     * @param dataDir where the data lies
     * @param images to train on and to hold out
     * @param events the event file, which is told of the training too
     * @param listener follows the training
     * @param watch told of training and test
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
     * Trains from where the run stands to its end, and tests the best weights.
     *
     * @throws StoppedException where a stop was requested before all was done; the training is saved
     */
    R train(Sitting<S> sitting) throws IOException;
}
