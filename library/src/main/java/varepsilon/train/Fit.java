package varepsilon.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.base.Watch;
import varepsilon.data.ImageSet;
import varepsilon.nn.Module;
import varepsilon.nn.Optimizer;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Trains a model in memory; nothing is written. At the end the model holds the weights of the epoch that did best on
 * held-out data, as the plan's monitor measures it: where the plan keeps a moving average of the weights, that average.
 * Where no epoch was finished it holds the weights as far as they were trained. It is left in training mode: {@code
 * evaluating} uses it. {@link Trainer} takes the same steps and
 * gives the same bits, and adds a run directory from which a training can be resumed.
 *
 * <pre>{@code
 * Fit.Result fitted = Fit.of(objective, optimizer, plan).run(training, validation);
 * System.out.println(fitted.best().validation("accuracy"));
 * }</pre>
 */
public final class Fit {
    private final Objective objective;
    private final Optimizer optimizer;
    private final TrainingPlan plan;

    private Fit(Objective objective, Optimizer optimizer, TrainingPlan plan) {
        this.objective = objective;
        this.optimizer = optimizer;
        this.plan = plan;
    }

    /**
     * The result of a training.
     *
     * @param history finished epochs, those before a resume included
     * @param bestEpoch the epoch whose weights did best on held-out data, −1 where none was finished
     * @param complete false where a stop was requested before the end
     * @param stopped the reason where a stop rule ended it before its last epoch, else empty
     */
    public record Result(List<EpochResult> history, int bestEpoch, boolean complete, Optional<String> stopped) {
        /**
         * The epoch whose weights did best on held-out data.
         *
         * @throws IllegalStateException where no epoch was finished
         */
        public EpochResult best() {
            return finished(bestEpoch);
        }

        /**
         * The last epoch that was finished.
         *
         * @throws IllegalStateException where none was
         */
        public EpochResult last() {
            return finished(history.size() - 1);
        }

        private EpochResult finished(int epoch) {
            if (epoch < 0) {
                throw new IllegalStateException("no epoch was finished");
            }
            return history.get(epoch);
        }
    }

    /**
     * A training to be run once.
     *
     * @param objective what is minimised; its model is trained
     * @param optimizer over the parameters of the objective's model; its learning rate is the schedule's base
     */
    public static Fit of(Objective objective, Optimizer optimizer, TrainingPlan plan) {
        return new Fit(objective, optimizer, plan);
    }

    /** Trains to the end of the plan, or until one of its rules ends it. */
    public Result run(ImageSet training, ImageSet validation) {
        return run(training, validation, Watch.NONE);
    }

    /**
     * Trains to the end of the plan, until one of its rules ends it, or until a stop is requested.
     *
     * @param validation held-out images, by which the best epoch is chosen
     * @param watch receives the progress by batches, and is polled for a stop after each
     * @throws TrainingDivergedException where the loss, a gradient or a parameter is not finite
     */
    public Result run(ImageSet training, ImageSet validation, Watch watch) {
        try (Best best = new Best(objective.model())) {
            try {
                return new TrainingLoop(objective, optimizer, plan, best, List.of(), watch).run(training, validation);
            } finally {
                best.restore();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Keeps a copy of the best weights in memory. */
    private final class Best implements TrainingLoop.Keeping, AutoCloseable {
        private final Module model;
        private final Map<String, Tensor> weights = new LinkedHashMap<>();

        Best(Module model) {
            this.model = model;
        }

        @Override
        public Checkpoint.Position begin(Checkpoint.State state, int batchesPerEpoch) {
            return Checkpoint.Position.start(plan.seed());
        }

        @Override
        public void best() {
            try (var scope = Scope.withoutGradients()) {
                model.state().forEach((name, tensor) -> {
                    Tensor kept = weights.get(name);
                    if (kept == null) {
                        weights.put(name, tensor.detach().copy().own());
                    } else {
                        kept.copyInPlace(tensor);
                    }
                });
            }
        }

        void restore() {
            try (var scope = Scope.withoutGradients()) {
                Map<String, Tensor> state = model.state();
                weights.forEach((name, tensor) -> state.get(name).copyInPlace(tensor));
            }
        }

        @Override
        public void finished(List<EpochResult> history) {}

        @Override
        public void last() {}

        @Override
        public void checkpoint(Checkpoint.Position position, Checkpoint.State state) {}

        @Override
        public String lastGoodWeights() {
            return weights.isEmpty() ? "" : " The model holds the weights of the best epoch.";
        }

        @Override
        public void close() {
            weights.values().forEach(Tensor::close);
        }
    }
}
