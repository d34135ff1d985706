package varepsilon.train;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Receives the events of a training. Calls come on the training thread; an exception thrown by a listener ends the
 * training.
 */
public interface TrainingListener {
    /**
     * Training starts or goes on.
     *
     * @param history the epochs finished before a resume
     */
    default void started(List<EpochResult> history) throws IOException {}

    /** A batch is done, with as many optimizer steps as the objective replays it. */
    default void stepped(Step step) throws IOException {}

    /** An epoch is done. */
    default void finished(EpochResult result) throws IOException {}

    /**
     * The position of a training after a batch.
     *
     * @param epoch the epoch that runs, from 0
     * @param batch batches done in this epoch
     * @param batches batches in an epoch
     * @param step optimizer steps done since the start of the run
     * @param averages averages per example of the measured quantities over this epoch so far
     */
    record Step(int epoch, int batch, int batches, long step, Map<String, Double> averages) {}
}
