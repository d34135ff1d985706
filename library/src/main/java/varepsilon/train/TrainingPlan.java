package varepsilon.train;

import java.time.Duration;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.data.Augmentation;
import varepsilon.nn.Schedule;

/**
 * The settings of a training: epochs, batch size, schedule, augmentation and stop rules. Made by {@link #of}, then
 * changed by the methods that begin with {@code with}, each of which gives a new plan.
 *
 * @param epochs passes over the data, at least 1
 * @param batchSize examples in a batch, at least 1
 * @param seed decides data order, noise and all else that is random
 * @param monitor how the best weights are chosen
 * @param schedule factor of the learning rate
 * @param augmentation augmentation of the training batches; held-out ones are not changed
 * @param averageDecay decay of the moving average of the weights, in [0, 1): see {@link WeightAverage}; 0 is none
 * @param stopRules what may end the training before its last epoch
 * @param checkpointEvery longest time between two checkpoints
 */
public record TrainingPlan(
        int epochs,
        int batchSize,
        long seed,
        Monitor monitor,
        Schedule schedule,
        Augmentation augmentation,
        double averageDecay,
        List<StopRule> stopRules,
        Duration checkpointEvery) {
    /** Rejects counts below 1 and a decay outside [0, 1). */
    public TrainingPlan {
        if (epochs < 1) {
            throw new InputException("epochs " + epochs + ": expected at least 1");
        }
        if (batchSize < 1) {
            throw new InputException("batchSize " + batchSize + ": expected at least 1");
        }
        if (!(averageDecay >= 0 && averageDecay < 1)) {
            throw new InputException("average decay " + averageDecay + ": expected a number in [0, 1)");
        }
        stopRules = List.copyOf(stopRules);
    }

    /**
     * A constant learning rate, no augmentation, no weight average, no stop rule, and a checkpoint every two minutes.
     */
    public static TrainingPlan of(int epochs, int batchSize, long seed, Monitor monitor) {
        return new TrainingPlan(
                epochs,
                batchSize,
                seed,
                monitor,
                Schedule.constant(),
                Augmentation.none(),
                0,
                List.of(),
                Duration.ofMinutes(2));
    }

    /** This plan with another number of epochs. */
    public TrainingPlan withEpochs(int changed) {
        return new TrainingPlan(
                changed, batchSize, seed, monitor, schedule, augmentation, averageDecay, stopRules, checkpointEvery);
    }

    /** This plan with another schedule of the learning rate. */
    public TrainingPlan withSchedule(Schedule changed) {
        return new TrainingPlan(
                epochs, batchSize, seed, monitor, changed, augmentation, averageDecay, stopRules, checkpointEvery);
    }

    /** This plan with another augmentation. */
    public TrainingPlan withAugmentation(Augmentation changed) {
        return new TrainingPlan(
                epochs, batchSize, seed, monitor, schedule, changed, averageDecay, stopRules, checkpointEvery);
    }

    /** This plan with a moving average of the weights. */
    public TrainingPlan withAverageDecay(double changed) {
        return new TrainingPlan(
                epochs, batchSize, seed, monitor, schedule, augmentation, changed, stopRules, checkpointEvery);
    }

    /** This plan with these rules, and no others, that may end it. */
    public TrainingPlan withStopRules(StopRule... changed) {
        return new TrainingPlan(
                epochs,
                batchSize,
                seed,
                monitor,
                schedule,
                augmentation,
                averageDecay,
                List.of(changed),
                checkpointEvery);
    }

    /** This plan with another time between checkpoints. */
    public TrainingPlan withCheckpointEvery(Duration changed) {
        return new TrainingPlan(
                epochs, batchSize, seed, monitor, schedule, augmentation, averageDecay, stopRules, changed);
    }
}
