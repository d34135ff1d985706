package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static varepsilon.train.TinyRun.PLAN;
import static varepsilon.train.TinyRun.SEED;
import static varepsilon.train.TinyRun.STEPS_PER_EPOCH;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.data.Augmentation;
import varepsilon.data.Batch;
import varepsilon.nn.Adam;
import varepsilon.nn.Optimizer;
import varepsilon.nn.Sequential;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.TinyRun.TinyObjective;
import varepsilon.weights.Weights;

class TrainerTest {
    private static final Monitor LOSS = Monitor.smallest("loss");

    @TempDir
    Path folder;

    /** Measures each image's index in its set, whose average over examples is known. */
    private static final class IndexObjective extends TinyObjective {
        private final List<Integer> seen = new ArrayList<>();
        private final List<Boolean> modes = new ArrayList<>();

        IndexObjective() {
            super(1);
        }

        @Override
        public BatchResult evaluate(Batch batch, Rng rng) {
            double[] indices = Arrays.stream(batch.indices()).asDoubleStream().toArray();
            Arrays.stream(batch.indices()).forEach(seen::add);
            modes.add(model().isTraining());
            BatchResult result = super.evaluate(batch, rng);
            Tensor index = Tensor.of(indices, indices.length);
            return new BatchResult(
                    result.loss(), Map.of("loss", result.perExample().get("loss"), "index", index));
        }
    }

    @Test
    void averagesAreOverExamplesAlsoWhereTheLastBatchIsSmaller() throws IOException {
        IndexObjective objective = new IndexObjective();
        List<TrainingListener.Step> steps = new ArrayList<>();
        List<EpochResult> epochs = new ArrayList<>();
        TinyRun.sit(folder.resolve("run"), PLAN, objective, () -> false, new TrainingListener() {
            @Override
            public void stepped(Step step) {
                steps.add(step);
            }

            @Override
            public void finished(EpochResult result) {
                epochs.add(result);
            }
        });
        // The mean of 0 … n − 1 is (n − 1)/2; an average of batch averages would weigh the five last images more.
        assertThat(epochs).hasSize(3).allSatisfy(epoch -> {
            assertThat(epoch.train().get("index")).isCloseTo(26, within(1e-12));
            assertThat(epoch.validation("index")).isCloseTo(9, within(1e-12));
        });
        // Every image once an epoch, in another order each time; validation in order, after each epoch.
        List<Integer> all = IntStream.range(0, 53).boxed().toList();
        List<Integer> held = IntStream.range(0, 19).boxed().toList();
        List<List<Integer>> orders = new ArrayList<>();
        for (int epoch = 0; epoch < 3; epoch++) {
            List<Integer> order = objective.seen.subList(72 * epoch, 72 * epoch + 53);
            assertThat(order).containsExactlyInAnyOrderElementsOf(all).isNotEqualTo(all);
            orders.add(order);
            assertThat(objective.seen.subList(72 * epoch + 53, 72 * epoch + 72)).isEqualTo(held);
        }
        assertThat(orders).doesNotHaveDuplicates();
        assertThat(objective.modes.subList(0, 11))
                .containsExactly(true, true, true, true, true, true, true, false, false, false, true);

        assertThat(steps).hasSize(3 * STEPS_PER_EPOCH);
        TrainingListener.Step third = steps.get(STEPS_PER_EPOCH + 2);
        assertThat(third.epoch()).isEqualTo(1);
        assertThat(third.batch()).isEqualTo(3);
        assertThat(third.batches()).isEqualTo(STEPS_PER_EPOCH);
        assertThat(third.step()).isEqualTo(STEPS_PER_EPOCH + 3);
        double ofThree =
                orders.get(1).subList(0, 24).stream().mapToInt(i -> i).average().getAsDouble();
        assertThat(third.averages().get("index")).isCloseTo(ofThree, within(1e-12));
    }

    @Test
    void theTrainedModelIsBetterAndTheBestWeightsAreThoseOfTheBestEpoch() throws IOException {
        TrainingPlan plan = TrainingPlan.of(12, 8, SEED, LOSS);
        Path run = folder.resolve("run");
        Fit.Result outcome = TinyRun.straight(run, plan);
        List<EpochResult> history = outcome.history();
        double[] losses =
                history.stream().mapToDouble(e -> e.validation("loss")).toArray();
        double best = Arrays.stream(losses).min().getAsDouble();
        assertThat(losses[outcome.bestEpoch()]).isEqualTo(best);
        assertThat(best).isLessThan(losses[0]).isLessThan(Math.log(3));
        assertThat(history.get(11).train().get("accuracy")).isGreaterThan(0.6);

        // The weights in the file, measured again, give the same bits.
        TinyObjective objective = new TinyObjective(77);
        try (var scope = Scope.open();
                Sequential model = objective.model()) {
            Weights weights = Weights.read(run.resolve("checkpoints/best.safetensors"));
            assertThat(weights.metadata()).containsEntry("architecture", "tiny").containsEntry("classes", "3");
            model.load(weights);
            Map<String, Double> again = Trainer.validate(objective, TinyRun.VALIDATION, 8, SEED);
            assertThat(again).isEqualTo(history.get(outcome.bestEpoch()).validation());
            assertThat(model.isTraining()).as("modes are restored").isTrue();
        }
    }

    @Test
    void metricsHaveARowAnEpoch() throws IOException {
        Path run = folder.resolve("run");
        List<EpochResult> history = TinyRun.straight(run, PLAN).history();
        List<String> lines = Files.readAllLines(run.resolve("metrics.csv"));
        assertThat(lines).hasSize(4);
        assertThat(lines.get(0)).isEqualTo("epoch,step,seconds,train_loss,val_loss,train_accuracy,val_accuracy");
        for (int epoch = 0; epoch < 3; epoch++) {
            String[] cells = lines.get(epoch + 1).split(",");
            EpochResult result = history.get(epoch);
            assertThat(cells[0]).isEqualTo(Integer.toString(epoch));
            assertThat(cells[1]).isEqualTo(Integer.toString(STEPS_PER_EPOCH * (epoch + 1)));
            assertThat(Double.parseDouble(cells[3])).isEqualTo(result.train().get("loss"));
            assertThat(Double.parseDouble(cells[4])).isEqualTo(result.validation("loss"));
            assertThat(Double.parseDouble(cells[6])).isEqualTo(result.validation("accuracy"));
        }
    }

    @Test
    void metricsThatNotEveryEpochHasKeepTheirColumn() throws IOException {
        EpochResult first = new EpochResult(0, 7, 1.25, Map.of("loss", 2.0), Map.of("loss", 3.0));
        EpochResult second = new EpochResult(1, 14, 2.5, Map.of("loss", 1.0), Map.of("loss", 1.5, "extra", 0.5));
        Path csv = folder.resolve("metrics.csv");
        MetricsCsv.write(csv, List.of(first, second));
        assertThat(Files.readAllLines(csv))
                .containsExactly(
                        "epoch,step,seconds,train_loss,val_loss,val_extra", "0,7,1.3,2.0,3.0,", "1,14,2.5,1.0,1.5,0.5");
    }

    @Test
    void timeAddsUpOverSittingsAndIncludesValidation() throws IOException {
        class Slow extends TinyObjective {
            Slow() {
                super(1);
            }

            @Override
            public BatchResult validate(Batch batch, Rng rng) {
                try {
                    Thread.sleep(20);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                return evaluate(batch, rng);
            }
        }
        Path run = folder.resolve("run");
        List<Double> seconds = new ArrayList<>();
        TrainingListener listener = new TrainingListener() {
            @Override
            public void finished(EpochResult result) {
                seconds.add(result.seconds());
            }
        };
        TinyRun.sit(run, PLAN, new Slow(), () -> seconds.size() == 1, listener);
        TinyRun.sit(run, PLAN, new Slow(), () -> false, listener);
        // Three batches of validation after each epoch take at least 60 ms.
        assertThat(seconds).hasSize(3);
        for (int i = 0; i < 3; i++) {
            assertThat(seconds.get(i)).isGreaterThanOrEqualTo(0.06 * (i + 1));
        }
    }

    @Test
    void theScheduleSetsTheRateOfEveryStepAndTheBaseComesBack() throws IOException {
        TinyObjective objective = new TinyObjective(1);
        Path path = folder.resolve("run");
        List<Double> rates = new ArrayList<>();
        try (RunDirectory run = RunDirectory.create(path, "");
                Sequential model = objective.model();
                Optimizer optimizer = new Adam(model.parameters(), 0.01)) {
            TrainingListener listener = new TrainingListener() {
                @Override
                public void stepped(Step step) {
                    rates.add(optimizer.learningRate());
                }
            };
            new Trainer(objective, optimizer, PLAN, run, Map.of(), List.of(listener), Watch.NONE)
                    .train(TinyRun.TRAINING, TinyRun.VALIDATION);
            assertThat(optimizer.learningRate()).isEqualTo(0.01);
        }
        assertThat(rates).hasSize(21);
        for (int step = 0; step < 21; step++) {
            assertThat(rates.get(step)).isCloseTo(0.005 * (1 + Math.cos(Math.PI * step / 21)), within(1e-12));
        }
    }

    @Test
    void anEpochWithoutANumberIsNotTheBest() throws IOException {
        // Validation gives NaN after the first and the third of four epochs.
        class Gaps extends TinyObjective {
            private final double[] losses = {Double.NaN, 2, Double.NaN, 1};
            private int batches;

            Gaps() {
                super(1);
            }

            @Override
            public BatchResult validate(Batch batch, Rng rng) {
                double loss = losses[batches++ / 3];
                return new BatchResult(null, Map.of("loss", Tensor.full(loss, DType.FLOAT64, batch.size())));
            }
        }
        TrainingPlan plan = TrainingPlan.of(4, 8, SEED, LOSS);
        Path run = folder.resolve("run");
        Fit.Result outcome = TinyRun.sit(run, plan, new Gaps(), () -> false);
        assertThat(outcome.bestEpoch()).isEqualTo(3);
        assertThat(outcome.history().get(2).validation("loss")).isNaN();
        // A history with NaN in it is read again.
        assertThat(TinyRun.sit(run, plan, () -> false).bestEpoch()).isEqualTo(3);
    }

    @Test
    void trainingBatchesAreAugmentedEachByAStreamOfItsOwnAndHeldOutOnesAreNot() throws IOException {
        List<Double> drawn = new ArrayList<>();
        List<Boolean> black = new ArrayList<>();
        class Watching extends TinyObjective {
            Watching() {
                super(1);
            }

            @Override
            public BatchResult evaluate(Batch batch, Rng rng) {
                black.add(batch.images().to(DType.FLOAT32).sum().item() == 0);
                return super.evaluate(batch, rng);
            }
        }
        Augmentation blackening = (batch, rng) -> {
            drawn.add(rng.uniform(DType.FLOAT64, 1).item());
            return new Batch(batch.images().zerosLike(), batch.labels(), batch.indices(), batch.size());
        };
        TrainingPlan plan = PLAN.withEpochs(2).withAugmentation(blackening);
        TinyRun.sit(folder.resolve("run"), plan, new Watching(), () -> false);
        assertThat(black.subList(0, 10)).containsExactly(true, true, true, true, true, true, true, false, false, false);
        assertThat(drawn).hasSize(2 * STEPS_PER_EPOCH).doesNotHaveDuplicates();
        List<Double> first = List.copyOf(drawn);
        drawn.clear();
        TinyRun.sit(folder.resolve("again"), plan, new Watching(), () -> false);
        assertThat(drawn).isEqualTo(first);
    }

    @Test
    void anInputsGradientComesWithThoseOfTheParametersBeforeTheyMove() throws IOException {
        List<Tensor> given = new ArrayList<>();
        class WithInput extends TinyObjective {
            WithInput() {
                super(1);
            }

            private Tensor loss(Tensor x, Batch batch) {
                return Ops.crossEntropy(model().forward(x), batch.labels());
            }

            @Override
            public BatchResult evaluate(Batch batch, Rng rng) {
                Tensor x = batch.pixels(Device.CPU).requiresGrad(true);
                Tensor loss = loss(x, batch);
                return new BatchResult(loss.mean(), Map.of("loss", loss.detach()), x, gradient -> {
                    given.add(gradient);
                    assertThat(gradient.mul(model().parameters().get("4.bias").sum())
                                    .requiresGrad())
                            .as("nothing is recorded")
                            .isFalse();
                    try (var scope = Scope.withGradients()) {
                        Tensor again = x.detach().requiresGrad(true);
                        // With other parameters, this would be another gradient.
                        Tensor expected = Gradients.of(loss(again, batch).mean(), again);
                        assertThat(gradient.toFloats()).containsExactly(expected.toFloats());
                    }
                });
            }
        }
        TinyRun.sit(folder.resolve("run"), PLAN, new WithInput(), () -> false);
        assertThat(given).as("in training only").hasSize(3 * STEPS_PER_EPOCH);
    }

    @Test
    void aRunGoesOnOnlyUnderItsOwnSeedAndData() throws IOException {
        Path run = folder.resolve("run");
        int[] steps = {0};
        TinyRun.sit(run, PLAN, () -> ++steps[0] == 6);
        assertThatThrownBy(() -> TinyRun.straight(run, TrainingPlan.of(3, 8, 6, LOSS)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("training.safetensors")
                .hasMessageContaining("seed 5, not 6");
        assertThatThrownBy(() -> TinyRun.straight(run, TrainingPlan.of(3, 16, SEED, LOSS)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("batch 6 of an epoch, which has 4 now");
        assertThat(TinyRun.straight(run, PLAN).complete()).isTrue();
    }

    @Test
    void planAndMetricsAreChecked() {
        assertThatThrownBy(() -> TrainingPlan.of(0, 8, 1, LOSS))
                .isInstanceOf(InputException.class)
                .hasMessage("epochs 0: expected at least 1");
        assertThatThrownBy(() -> TrainingPlan.of(1, 0, 1, LOSS))
                .isInstanceOf(InputException.class)
                .hasMessage("batchSize 0: expected at least 1");
        assertThatThrownBy(() ->
                        TinyRun.straight(folder.resolve("run"), TrainingPlan.of(1, 8, SEED, Monitor.smallest("bpd"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'bpd'")
                .hasMessageContaining("accuracy");
        class OneValue extends TinyObjective {
            OneValue() {
                super(1);
            }

            @Override
            public BatchResult evaluate(Batch batch, Rng rng) {
                return new BatchResult(super.evaluate(batch, rng).loss(), Map.of("mean", Tensor.ones(DType.FLOAT32)));
            }
        }
        assertThatThrownBy(() -> TinyRun.sit(folder.resolve("other"), PLAN, new OneValue(), () -> false))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("'mean' has 1 values for 8 examples");
    }
}
