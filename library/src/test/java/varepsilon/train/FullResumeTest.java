package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;
import static varepsilon.train.TinyRun.STEPS_PER_EPOCH;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.data.HorizontalFlip;
import varepsilon.data.RandomCrop;
import varepsilon.nn.Schedule;

/** Everything that a training can carry at once, stopped and killed: the end has the same bits. */
class FullResumeTest {
    /** Stops after the second epoch in a row that gives no new best accuracy, which comes before the last. */
    private static final TrainingPlan PLAN = TrainingPlan.of(9, 8, TinyRun.SEED, Monitor.largest("accuracy"))
            .withSchedule(Schedule.oneCycle(0.4))
            .withAugmentation(new RandomCrop(1).then(new HorizontalFlip(0.5)))
            .withAverageDecay(0.9)
            .withStopRules(new EarlyStopping(Monitor.largest("accuracy"), 2));

    private static final TrainingPlan CHECKPOINT_EACH_BATCH = PLAN.withCheckpointEvery(Duration.ZERO);

    @TempDir
    static Path shared;

    private static Fit.Result straight;
    private static Map<String, String> expected;

    @TempDir
    Path folder;

    private static Fit.Result sit(Path run, TrainingPlan plan, BooleanSupplier stop, TrainingListener... listeners)
            throws IOException {
        boolean resumed = Files.exists(run.resolve("checkpoints/training.safetensors"));
        try (FreeObjective objective = new FreeObjective(resumed ? 99 : 1, resumed ? 7 : 0)) {
            return TinyRun.sit(run, plan, objective, stop, listeners);
        }
    }

    @BeforeAll
    static void trainWithoutAStop() throws IOException {
        straight = sit(shared.resolve("straight"), PLAN, () -> false);
        int epochs = straight.history().size();
        assertThat(epochs).as("more than a warm-up, and stopped early").isBetween(3, 8);
        assertThat(straight.history().get(epochs - 1).step())
                .isEqualTo((long) epochs * STEPS_PER_EPOCH * FreeObjective.REPLAYS);
        expected = TinyRun.results(shared.resolve("straight"));
        assertThat(expected).containsKeys("training: average.4.weight", "training: memory.perturbation");
    }

    @Test
    void stoppedAfterEveryBatch() throws IOException {
        Path run = folder.resolve("run");
        int sittings = 1;
        while (!sit(run, PLAN, () -> true).complete()) {
            sittings++;
        }
        assertThat(sittings).isEqualTo(straight.history().size() * STEPS_PER_EPOCH + 1);
        assertThat(TinyRun.results(run)).isEqualTo(expected);
    }

    @Test
    void stoppedAtRandom() throws IOException {
        Random random = new Random(4);
        Path run = folder.resolve("run");
        int sittings = 1;
        while (!sit(run, PLAN, () -> random.nextInt(6) == 0).complete()) {
            sittings++;
        }
        assertThat(sittings).isGreaterThan(2);
        assertThat(TinyRun.results(run)).isEqualTo(expected);
    }

    @Test
    void killedAtAnyMoment() throws IOException {
        for (TrainingPlan plan : List.of(PLAN, CHECKPOINT_EACH_BATCH)) {
            Path run = folder.resolve("killed" + plan.checkpointEvery());
            List<Path> copies = new ArrayList<>();
            sit(run, plan, () -> false, new TrainingListener() {
                private void kill() {
                    Path copy = folder.resolve("copy" + plan.checkpointEvery() + "-" + copies.size());
                    TinyRun.copy(run, copy);
                    copies.add(copy);
                }

                @Override
                public void stepped(Step step) {
                    kill();
                }

                @Override
                public void finished(EpochResult result) {
                    kill();
                }
            });
            for (int i = 0; i < copies.size(); i += 5) {
                Fit.Result outcome = sit(copies.get(i), plan, () -> false);
                assertThat(outcome.complete()).isTrue();
                assertThat(outcome.stopped()).isEqualTo(straight.stopped());
                assertThat(TinyRun.results(copies.get(i)))
                        .as("killed at moment %d", i)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void whatIsToldOfTheTimeDependsOnTheTimeAlone() throws IOException {
        List<Double> all = new ArrayList<>();
        try (FreeObjective objective = new FreeObjective(1, 0)) {
            TinyRun.sit(folder.resolve("straight"), PLAN.withEpochs(2), objective, () -> false);
            all.addAll(objective.told);
        }
        List<Double> due = new ArrayList<>();
        for (int epoch = 0; epoch < 2; epoch++) {
            for (int batch = 0; batch < STEPS_PER_EPOCH; batch++) {
                for (int replay = 0; replay < FreeObjective.REPLAYS; replay++) {
                    due.add(epoch + (batch + replay / 3.0) / STEPS_PER_EPOCH);
                }
            }
            due.add(epoch + 1.0); // before validation
        }
        assertThat(all).containsExactlyElementsOf(due);

        // Stopped with the last batch of the first epoch: what is left of it is its validation.
        Path run = folder.resolve("run");
        AtomicInteger batches = new AtomicInteger();
        sit(run, PLAN.withEpochs(2), () -> batches.incrementAndGet() == STEPS_PER_EPOCH);
        try (FreeObjective objective = new FreeObjective(99, 7)) {
            TinyRun.sit(run, PLAN.withEpochs(2), objective, () -> false);
            assertThat(objective.told)
                    .containsExactlyElementsOf(due.subList(STEPS_PER_EPOCH * FreeObjective.REPLAYS, due.size()));
        }
        assertThat(TinyRun.results(run)).isEqualTo(TinyRun.results(folder.resolve("straight")));
    }

    @Test
    void anEndedRunSaysSoAndStaysAsItIs() throws IOException {
        assertThat(straight.stopped().orElseThrow()).matches("validation accuracy has not improved on .* for 2 epochs");
        assertThat(straight.complete()).isTrue();
        Path run = folder.resolve("run");
        TinyRun.copy(shared.resolve("straight"), run);
        Fit.Result again = sit(run, PLAN, () -> false, new TrainingListener() {
            @Override
            public void stepped(Step step) {
                throw new AssertionError("nothing is left to do");
            }
        });
        assertThat(again.complete()).isTrue();
        assertThat(again.stopped()).isEqualTo(straight.stopped());
        assertThat(TinyRun.results(run)).isEqualTo(expected);
        // A rule with more patience lets it go on; with none it ends where the plan does.
        Fit.Result on = sit(run, PLAN.withStopRules(), () -> false);
        assertThat(on.history()).hasSize(9);
        assertThat(on.complete()).isTrue();
        assertThat(on.stopped()).isEmpty();
    }
}
