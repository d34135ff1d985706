package varepsilon.train;

import java.time.Duration;
import varepsilon.nn.Schedule;
import varepsilon.tensor.InputException;

/**
 * How long and in which portions to train.
 *
 * @param epochs passes over the data, at least 1
 * @param batchSize examples in a batch, at least 1
 * @param seed decides data order, noise and all else that is random
 * @param schedule factor of the learning rate
 * @param monitor validation metric by which the best weights are chosen: smaller is better
 * @param checkpointEvery longest time between two checkpoints
 */
public record TrainingPlan(
        int epochs, int batchSize, long seed, Schedule schedule, String monitor, Duration checkpointEvery) {
    /** Refuses counts below 1. */
    public TrainingPlan {
        if (epochs < 1) {
            throw new InputException("--epochs " + epochs + ": expected at least 1");
        }
        if (batchSize < 1) {
            throw new InputException("--batch-size " + batchSize + ": expected at least 1");
        }
    }

    /** A constant learning rate and a checkpoint every two minutes. */
    public static TrainingPlan of(int epochs, int batchSize, long seed, String monitor) {
        return new TrainingPlan(epochs, batchSize, seed, Schedule.constant(), monitor, Duration.ofMinutes(2));
    }
}
