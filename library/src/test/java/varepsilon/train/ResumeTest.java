package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;
import static varepsilon.train.TinyRun.CHECKPOINT_EACH_STEP;
import static varepsilon.train.TinyRun.PLAN;
import static varepsilon.train.TinyRun.STEPS_PER_EPOCH;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.tensor.ForkedJvm;

/** A training that was stopped or killed at any moment ends with the same bits as one that was not. */
class ResumeTest {
    @TempDir
    static Path shared;

    private static Map<String, String> expected;

    @TempDir
    Path folder;

    @BeforeAll
    static void trainWithoutAStop() throws IOException {
        Fit.Result outcome = TinyRun.straight(shared.resolve("straight"), PLAN);
        assertThat(outcome.complete()).isTrue();
        assertThat(outcome.history()).hasSize(3);
        assertThat(outcome.history().get(2).step()).isEqualTo(3 * STEPS_PER_EPOCH);
        expected = TinyRun.results(shared.resolve("straight"));
        assertThat(expected).containsKeys("training: optimizer.first_moment.0.weight", "last: 1.running_var");
    }

    @Test
    void theSameSeedGivesTheSameBitsHoweverOftenCheckpointsAreWritten() throws IOException {
        TinyRun.straight(folder.resolve("again"), CHECKPOINT_EACH_STEP);
        assertThat(TinyRun.results(folder.resolve("again"))).isEqualTo(expected);
    }

    /** 1: at once; 7: with the last batch of an epoch; 21: with the very last. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 6, 7, 8, 20, 21})
    void stoppedOnce(int steps) throws IOException {
        Path run = folder.resolve("run");
        AtomicInteger done = new AtomicInteger();
        Fit.Result first = TinyRun.sit(run, PLAN, () -> done.incrementAndGet() == steps);
        assertThat(done.get()).isEqualTo(steps);
        assertThat(first.complete()).isFalse();
        assertThat(first.history()).hasSize((steps - 1) / STEPS_PER_EPOCH);
        Fit.Result second = TinyRun.sit(run, PLAN, () -> false);
        assertThat(second.complete()).isTrue();
        assertThat(second.history()).hasSize(3);
        assertThat(TinyRun.results(run)).isEqualTo(expected);
    }

    @Test
    void stoppedBeforeEveryStepItStillGetsOn() throws IOException {
        Path run = folder.resolve("run");
        int sittings = 1;
        while (!TinyRun.sit(run, PLAN, () -> true).complete()) {
            sittings++;
        }
        assertThat(sittings).isEqualTo(3 * STEPS_PER_EPOCH + 1);
        assertThat(TinyRun.results(run)).isEqualTo(expected);
    }

    @Test
    void stoppedAtRandom() throws IOException {
        Random random = new Random(3);
        Path run = folder.resolve("run");
        int sittings = 1;
        while (!TinyRun.sit(run, PLAN, () -> random.nextInt(5) == 0).complete()) {
            sittings++;
        }
        assertThat(sittings).isGreaterThan(2);
        assertThat(TinyRun.results(run)).isEqualTo(expected);
    }

    @Test
    void aFinishedRunStaysAsItIsAndGoesOnToMoreEpochs() throws IOException {
        Path run = folder.resolve("run");
        TinyRun.copy(shared.resolve("straight"), run);
        List<Integer> known = new ArrayList<>();
        Fit.Result again = TinyRun.sit(run, PLAN, () -> false, new TrainingListener() {
            @Override
            public void started(List<EpochResult> history) {
                known.add(history.size());
            }

            @Override
            public void stepped(Step step) {
                throw new AssertionError("nothing is left to do");
            }
        });
        assertThat(again.complete()).isTrue();
        assertThat(known).containsExactly(3);
        assertThat(TinyRun.results(run)).isEqualTo(expected);

        assertThat(TinyRun.sit(run, PLAN.withEpochs(4), () -> false).history()).hasSize(4);
        // With fewer epochs than are done, the run is complete too.
        assertThat(TinyRun.sit(run, PLAN, () -> false).complete()).isTrue();
    }

    /** Copies of the folder, taken when a kill could strike; what is in memory then is lost. */
    private List<Path> killedAtEveryMoment(TrainingPlan plan) throws IOException {
        Path run = folder.resolve("killed");
        List<Path> copies = new ArrayList<>();
        TinyRun.sit(run, plan, () -> false, new TrainingListener() {
            private void kill() {
                Path copy = folder.resolve("copy" + copies.size());
                TinyRun.copy(run, copy);
                copies.add(copy);
            }

            @Override
            public void started(List<EpochResult> history) {
                kill();
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
        return copies;
    }

    @Test
    void killedAtAnyMoment() throws IOException {
        List<Path> copies = killedAtEveryMoment(CHECKPOINT_EACH_STEP);
        assertThat(copies).hasSize(1 + 3 * (STEPS_PER_EPOCH + 1));
        for (int i = 0; i < copies.size(); i += 3) {
            TinyRun.straight(copies.get(i), CHECKPOINT_EACH_STEP);
            assertThat(TinyRun.results(copies.get(i)))
                    .as("killed at moment %d", i)
                    .isEqualTo(expected);
        }
    }

    @Test
    void killedWithNoCheckpointSinceTheLastEpoch() throws IOException {
        List<Path> copies = killedAtEveryMoment(PLAN);
        for (int i : new int[] {0, 5, 8, 12, 24}) {
            TinyRun.straight(copies.get(i), PLAN);
            assertThat(TinyRun.results(copies.get(i)))
                    .as("killed at moment %d", i)
                    .isEqualTo(expected);
        }
    }

    /** Trains in the folder that it is given, and says each step. */
    static final class Training {
        private Training() {}

        public static void main(String[] arguments) throws IOException {
            TinyRun.sit(Path.of(arguments[0]), CHECKPOINT_EACH_STEP, () -> false, new TrainingListener() {
                @Override
                public void stepped(Step step) {
                    System.out.println("step " + step.step());
                }
            });
        }
    }

    @Test
    void killedForGood() throws Exception {
        Path run = folder.resolve("run");
        for (String moment : new String[] {"step 4", "step 16"}) {
            Process training = ForkedJvm.command(List.of(), Training.class, run.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader output =
                    new BufferedReader(new InputStreamReader(training.getInputStream(), StandardCharsets.UTF_8))) {
                assertThat(output.lines().anyMatch(moment::equals)).isTrue();
            } finally {
                training.destroyForcibly();
            }
            assertThat(training.waitFor()).as("killed, not finished").isNotZero();
        }
        TinyRun.straight(run, PLAN);
        assertThat(TinyRun.results(run)).isEqualTo(expected);
        try (var files = Files.list(run.resolve("checkpoints"))) {
            assertThat(files).as("nothing half-written is left").hasSize(3);
        }
    }

    /**
     * Of the files that belong together, the checkpoint is written last: here a kill came before it, at the very end.
     */
    @Test
    void killedBetweenTheWeightsAndTheirCheckpoint() throws IOException {
        Path run = folder.resolve("run");
        TinyRun.copy(shared.resolve("straight"), run);
        AtomicInteger done = new AtomicInteger();
        Path earlier = folder.resolve("earlier");
        TinyRun.sit(earlier, PLAN, () -> done.incrementAndGet() == 17);
        String checkpoint = "checkpoints/training.safetensors";
        Files.copy(earlier.resolve(checkpoint), run.resolve(checkpoint), StandardCopyOption.REPLACE_EXISTING);
        TinyRun.straight(run, PLAN);
        assertThat(TinyRun.results(run)).isEqualTo(expected);
    }
}
