package varepsilon.train;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.nn.Module;
import varepsilon.nn.Optimizer;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** The steps, epochs and validations of a training; {@link Keeping} stores its results. */
final class TrainingLoop {
    private final Objective objective;
    private final Module model;
    private final Optimizer optimizer;
    private final double baseLearningRate;
    private final TrainingPlan plan;
    private final Keeping keeping;
    private final List<TrainingListener> listeners;
    private final Watch watch;

    private Checkpoint.State state;
    private WeightAverage average;
    private Checkpoint.Position position;
    private List<EpochResult> history;
    private Averages averages;
    private double secondsBefore;
    private long sittingStarted;
    private long lastCheckpoint;

    TrainingLoop(
            Objective objective,
            Optimizer optimizer,
            TrainingPlan plan,
            Keeping keeping,
            List<TrainingListener> listeners,
            Watch watch) {
        this.objective = objective;
        this.model = objective.model();
        this.optimizer = optimizer;
        this.baseLearningRate = optimizer.learningRate();
        this.plan = plan;
        this.keeping = keeping;
        this.listeners = List.copyOf(listeners);
        this.watch = watch;
    }

    /** Stores the results of a training while it runs. */
    interface Keeping {
        /** Where the training begins: its start, or a checkpoint, which is then restored. */
        Checkpoint.Position begin(Checkpoint.State state, int batchesPerEpoch) throws IOException;

        /** The epoch that ends has the best weights so far, and the model holds them now. */
        void best() throws IOException;

        /** An epoch is done. */
        void finished(List<EpochResult> history) throws IOException;

        /** The model holds the last weights now, or their moving average, where the plan keeps one. */
        void last() throws IOException;

        /** Everything that the training needs to go on from here; comes after {@link #last}. */
        void checkpoint(Checkpoint.Position position, Checkpoint.State state) throws IOException;

        /** A sentence on where finite weights from before the divergence are; empty where there are none. */
        String lastGoodWeights();
    }

    /** Trains to the end of the plan, until one of its rules ends it, or until a stop is requested. */
    Fit.Result run(ImageSet training, ImageSet validation) throws IOException {
        try (Rng noise = Seed.of(plan.seed()).split("noise").stream();
                WeightAverage average = new WeightAverage(model, plan.averageDecay())) {
            this.average = average;
            state = new Checkpoint.State(model, optimizer, others(), noise);
            int batches = Batches.of(training, plan.batchSize()).count();
            position = keeping.begin(state, batches);
            history = new ArrayList<>(position.history());
            averages = new Averages(position.sums(), position.examples());
            secondsBefore = position.seconds();
            sittingStarted = System.nanoTime();
            lastCheckpoint = sittingStarted;
            for (TrainingListener listener : listeners) {
                listener.started(List.copyOf(history));
            }
            tellProgress(batches);
            while (!finished() && trainEpoch(training)) {
                finishEpoch(validation);
            }
            return new Fit.Result(List.copyOf(history), position.bestEpoch(), finished(), reasonToStop());
        } finally {
            optimizer.learningRate(baseLearningRate);
        }
    }

    private Map<String, Tensor> others() {
        Map<String, Tensor> others = new LinkedHashMap<>();
        average.tensors().forEach((name, tensor) -> others.put("average." + name, tensor));
        objective.memory().forEach((name, tensor) -> others.put("memory." + name, tensor));
        return others;
    }

    private boolean finished() {
        return position.epoch() >= plan.epochs() || reasonToStop().isPresent();
    }

    private Optional<String> reasonToStop() {
        return history.isEmpty() || position.epoch() >= plan.epochs()
                ? Optional.empty()
                : plan.stopRules().stream()
                        .flatMap(rule -> rule.reasonToStop(List.copyOf(history)).stream())
                        .findFirst();
    }

    /** Trains the rest of the current epoch; false where a stop was requested within it. */
    private boolean trainEpoch(ImageSet training) throws IOException {
        model.train(true);
        Batches batches = Batches.of(training, plan.batchSize())
                .shuffled(plan.seed(), position.epoch())
                .startingAt(position.batch());
        int count = batches.count();
        var iterator = batches.iterator();
        while (iterator.hasNext()) {
            try (var scope = Scope.open()) {
                train(augmented(iterator.next()), count);
            }
            advance();
            var step = new TrainingListener.Step(
                    position.epoch(), position.batch(), count, position.step(), averages.values());
            for (TrainingListener listener : listeners) {
                listener.stepped(step);
            }
            tellProgress(count);
            boolean stop = watch.stopRequested();
            if (stop
                    || System.nanoTime() - lastCheckpoint
                            > plan.checkpointEvery().toNanos()) {
                checkpoint();
            }
            if (stop) {
                return false;
            }
        }
        return true;
    }

    private void tellProgress(int batchesPerEpoch) {
        watch.progress(
                "training",
                (long) position.epoch() * batchesPerEpoch + position.batch(),
                (long) plan.epochs() * batchesPerEpoch);
    }

    /** Augmented by a stream of its own for each batch, so that the checkpoint need not hold its state. */
    private Batch augmented(Batch batch) {
        Seed seed = Seed.of(plan.seed()).split("augmentation").split(position.epoch());
        try (Rng ofBatch = seed.split(position.batch()).stream()) {
            return plan.augmentation().apply(batch, ofBatch);
        }
    }

    private void train(Batch batch, int batches) {
        int replays = objective.replays();
        for (int replay = 0; replay < replays; replay++) {
            try (var scope = Scope.open()) {
                step(batch, position.epoch() + (position.batch() + replay / (double) replays) / batches);
            }
        }
    }

    private void step(Batch batch, double epoch) {
        optimizer.learningRate(baseLearningRate * plan.schedule().factor(epoch, plan.epochs()));
        objective.at(epoch);
        BatchResult result = objective.evaluate(batch, state.noise());
        double loss = result.loss().item();
        if (!Double.isFinite(loss)) {
            throw diverged("the loss of step " + (optimizer.steps() + 1) + " is " + loss);
        }
        List<Tensor> gradients = gradients(result);
        requireFinite(gradients);
        optimizer.step(gradients);
        average.update(optimizer.steps());
        averages.add(result.perExample(), batch.size());
    }

    /** The parameters' gradients; that of an input, where one is requested, comes from the same pass. */
    private List<Tensor> gradients(BatchResult result) {
        List<Tensor> parameters = optimizer.parameters();
        if (result.input().isEmpty()) {
            return Gradients.of(result.loss(), parameters);
        }
        BatchResult.Input input = result.input().get();
        List<Tensor> inputs = new ArrayList<>(parameters);
        inputs.add(input.tensor());
        List<Tensor> gradients = Gradients.of(result.loss(), inputs);
        try (var scope = Scope.withoutGradients()) {
            input.gradient().accept(gradients.get(parameters.size()));
        }
        return gradients.subList(0, parameters.size());
    }

    /** Checked before the update, so that parameters and optimizer state are still finite. */
    private void requireFinite(List<Tensor> gradients) {
        List<String> bad = NotFinite.among(optimizer.parameterNames(), gradients);
        if (!bad.isEmpty()) {
            throw diverged("the gradient of step " + (optimizer.steps() + 1) + " is not finite in " + bad.size()
                    + " of " + gradients.size() + " parameters, the first is " + bad.get(0));
        }
    }

    private void finishEpoch(ImageSet validation) throws IOException {
        requireFiniteParameters();
        Map<String, Double> trained = averages.values();
        objective.at(position.epoch() + 1);
        Map<String, Double> validated;
        try (var averageInUse = average.use()) {
            validated = Trainer.validate(objective, validation, plan.batchSize(), plan.seed());
        }
        EpochResult result = new EpochResult(position.epoch(), position.step(), seconds(), trained, validated);
        Monitor monitor = plan.monitor();
        double value = monitor.value(result);
        boolean best =
                position.bestEpoch() < 0 || monitor.isBetter(value, monitor.value(history.get(position.bestEpoch())));
        history.add(result);
        averages = new Averages();
        position = new Checkpoint.Position(
                plan.seed(),
                position.epoch() + 1,
                0,
                position.step(),
                result.seconds(),
                Map.of(),
                0,
                best ? result.epoch() : position.bestEpoch(),
                List.copyOf(history));
        if (best) {
            try (var averageInUse = average.use()) {
                keeping.best();
            }
        }
        keeping.finished(List.copyOf(history));
        for (TrainingListener listener : listeners) {
            listener.finished(result);
        }
        checkpoint();
    }

    private void advance() {
        position = new Checkpoint.Position(
                plan.seed(),
                position.epoch(),
                position.batch() + 1,
                optimizer.steps(),
                seconds(),
                new LinkedHashMap<>(averages.sums()),
                averages.examples(),
                position.bestEpoch(),
                position.history());
    }

    private double seconds() {
        return secondsBefore + (System.nanoTime() - sittingStarted) / 1e9;
    }

    private void checkpoint() throws IOException {
        requireFiniteParameters();
        try (var averageInUse = average.use()) {
            keeping.last();
        }
        keeping.checkpoint(position, state);
        lastCheckpoint = System.nanoTime();
    }

    private void requireFiniteParameters() {
        List<String> bad = brokenParameters();
        if (!bad.isEmpty()) {
            throw diverged("parameter '" + bad.get(0) + "' is not finite after step " + position.step());
        }
    }

    private List<String> brokenParameters() {
        return NotFinite.among(optimizer.parameterNames(), optimizer.parameters());
    }

    private TrainingDivergedException diverged(String what) {
        StringBuilder message = new StringBuilder(what)
                .append(", in epoch ")
                .append(position.epoch())
                .append(", learning rate ")
                .append(optimizer.learningRate());
        List<String> bad = brokenParameters();
        message.append(
                bad.isEmpty()
                        ? "; all parameters are finite, so this batch overflowed"
                        : "; not finite: " + bad.size() + " parameters, the first is " + bad.get(0));
        message.append(". Try a smaller learning rate.");
        message.append(keeping.lastGoodWeights());
        return new TrainingDivergedException(message.toString());
    }
}
