package varepsilon.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.nn.Optimizer;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/**
 * Trains a model in a run directory: {@link Fit} with checkpoints on disk. Checkpoints hold everything, so that a run
 * that was killed at any moment and then resumed gives the same bits as one that was not.
 */
public final class Trainer {
    private final Objective objective;
    private final Optimizer optimizer;
    private final TrainingPlan plan;
    private final RunDirectory run;
    private final Map<String, String> metadata;
    private final List<TrainingListener> listeners;
    private final Watch watch;

    /**
     * A trainer for one run.
     *
     * @param optimizer over the parameters of the objective's model; its learning rate is the schedule's base
     * @param metadata metadata of the weight files, such as the architecture
     * @param watch receives the progress by batches; where it requests a stop, training saves a checkpoint and ends
     */
    public Trainer(
            Objective objective,
            Optimizer optimizer,
            TrainingPlan plan,
            RunDirectory run,
            Map<String, String> metadata,
            List<TrainingListener> listeners,
            Watch watch) {
        this.objective = objective;
        this.optimizer = optimizer;
        this.plan = plan;
        this.run = run;
        // Not Map.copyOf, whose order changes from process to process: the same run writes the same files.
        this.metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        this.listeners = List.copyOf(listeners);
        this.watch = watch;
    }

    /**
     * Trains to the end of the plan, until one of its rules ends it, or until a stop is requested, going on from the
     * run's checkpoint where there is one.
     *
     * @throws TrainingDivergedException where the loss, a gradient or a parameter is not finite
     * @throws InputException where the run's checkpoint is damaged, or of another plan or model
     * @throws IOException where the run's files cannot be written; the previous checkpoint is then intact
     */
    public Fit.Result train(ImageSet training, ImageSet validation) throws IOException {
        return new TrainingLoop(objective, optimizer, plan, new InFolder(), listeners, watch).run(training, validation);
    }

    /**
     * Averages per example over held-out data, in evaluation mode, with the same noise at every call.
     *
     * @param seed the run's seed
     */
    public static Map<String, Double> validate(Objective objective, ImageSet data, int batchSize, long seed) {
        Averages averages = new Averages();
        try (Rng noise = Seed.of(seed).split("validation").stream()) {
            objective.model().evaluating(() -> {
                var iterator = Batches.of(data, batchSize).iterator();
                while (iterator.hasNext()) {
                    try (var scope = Scope.withoutGradients()) {
                        Batch batch = iterator.next();
                        averages.add(objective.validate(batch, noise).perExample(), batch.size());
                    }
                }
            });
        }
        return averages.values();
    }

    /** Keeps weights, metrics and checkpoints in the run directory. */
    private final class InFolder implements TrainingLoop.Keeping {
        @Override
        public Checkpoint.Position begin(Checkpoint.State state, int batchesPerEpoch) throws IOException {
            if (!Files.exists(run.checkpoint())) {
                return Checkpoint.Position.start(plan.seed());
            }
            Checkpoint.Position position = Checkpoint.read(run.checkpoint(), plan.seed(), state);
            if (position.batch() > batchesPerEpoch) {
                throw new InputException(run.checkpoint() + ": is at batch " + position.batch()
                        + " of an epoch, which has " + batchesPerEpoch
                        + " now; the data or the batch size is another");
            }
            return position;
        }

        @Override
        public void best() throws IOException {
            writeWeights(run.bestWeights());
        }

        @Override
        public void finished(List<EpochResult> history) throws IOException {
            MetricsCsv.write(run.file("metrics.csv"), history);
        }

        @Override
        public void last() throws IOException {
            writeWeights(run.lastWeights());
        }

        /** Written last: a run killed before it repeats the whole step. */
        @Override
        public void checkpoint(Checkpoint.Position position, Checkpoint.State state) throws IOException {
            Checkpoint.write(run.checkpoint(), position, state);
        }

        @Override
        public String lastGoodWeights() {
            return Files.exists(run.lastWeights()) ? " The last good weights are " + run.lastWeights() : "";
        }

        private void writeWeights(Path path) throws IOException {
            Map<String, String> described = new LinkedHashMap<>(metadata);
            if (plan.averageDecay() > 0) {
                described.put("average_decay", Double.toString(plan.averageDecay()));
            }
            Safetensors.write(path, Weights.of(objective.model().state(), described));
        }
    }
}
