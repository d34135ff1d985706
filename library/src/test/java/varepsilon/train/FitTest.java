package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static varepsilon.train.TinyRun.TRAINING;
import static varepsilon.train.TinyRun.VALIDATION;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.Watch;
import varepsilon.nn.Adam;
import varepsilon.nn.Optimizer;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/** Training in memory is the training of a run directory, without the directory. */
class FitTest {
    @TempDir
    Path folder;

    private record Fitted(Fit.Result result, Map<String, String> bits) {}

    private static Fitted fitted(TrainingPlan plan, Watch watch) {
        int threads = Engine.threads();
        Engine.setThreads(1);
        TinyRun.TinyObjective objective = new TinyRun.TinyObjective(1);
        try (Sequential model = objective.model();
                Optimizer optimizer = new Adam(model.parameters(), 0.01)) {
            Fit.Result result = Fit.of(objective, optimizer, plan).run(TRAINING, VALIDATION, watch);
            assertThat(optimizer.learningRate()).isEqualTo(0.01);
            return new Fitted(result, bits(model.state()));
        } finally {
            Engine.setThreads(threads);
        }
    }

    private static Map<String, String> bits(Map<String, Tensor> tensors) {
        Map<String, String> bits = new TreeMap<>();
        tensors.forEach((name, tensor) ->
                bits.put(name, HexFormat.of().formatHex(tensor.toRaw().array())));
        return bits;
    }

    private static List<EpochResult> withoutTime(List<EpochResult> history) {
        return history.stream()
                .map(epoch -> new EpochResult(epoch.epoch(), epoch.step(), 0, epoch.train(), epoch.validation()))
                .toList();
    }

    /** The epoch of the largest loss is not the last one: the model must be taken back to it. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.9})
    void givesTheBitsOfATrainingInARunDirectory(double averageDecay) throws Exception {
        TrainingPlan plan = TrainingPlan.of(3, 8, TinyRun.SEED, Monitor.largest("loss"))
                .withSchedule(TinyRun.PLAN.schedule())
                .withAverageDecay(averageDecay);
        Fit.Result inFolder = TinyRun.straight(folder.resolve("run"), plan);
        Fitted inMemory = fitted(plan, Watch.NONE);

        assertThat(withoutTime(inMemory.result().history())).isEqualTo(withoutTime(inFolder.history()));
        assertThat(inMemory.result().bestEpoch()).isEqualTo(inFolder.bestEpoch());
        assertThat(inMemory.result().best()).isNotEqualTo(inMemory.result().last());
        assertThat(inMemory.result().complete()).isTrue();
        try (var scope = Scope.open()) {
            assertThat(inMemory.bits())
                    .isEqualTo(bits(Weights.read(folder.resolve("run/checkpoints/best.safetensors"))
                            .tensors()));
        }
    }

    @Test
    void aStopLeavesTheBestWeightsSoFarAndAWatchIsToldOfEveryBatch() {
        List<Long> told = new ArrayList<>();
        Fitted stopped = fitted(TinyRun.PLAN, new Watch() {
            @Override
            public void progress(String what, long done, long all) {
                assertThat(what).isEqualTo("training");
                assertThat(all).isEqualTo(3L * TinyRun.STEPS_PER_EPOCH);
                told.add(done);
            }

            @Override
            public boolean stopRequested() {
                return told.size() > TinyRun.STEPS_PER_EPOCH + 2;
            }
        });

        assertThat(told).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
        assertThat(stopped.result().complete()).isFalse();
        assertThat(stopped.result().history()).hasSize(1);
        // The schedule counts on three epochs, so the first one is the same as that of the whole training.
        Fitted first = fitted(TinyRun.PLAN, Watch.stopWhen(new EndOfFirstEpoch()::reached));
        assertThat(stopped.bits()).isEqualTo(first.bits());
    }

    /** Asked once a batch: holds at the first batch of the second epoch. */
    private static final class EndOfFirstEpoch {
        private int asked;

        boolean reached() {
            asked++;
            return asked > TinyRun.STEPS_PER_EPOCH;
        }
    }

    @Test
    void whereNoEpochWasFinishedThereIsNoBest() {
        Fit.Result none = fitted(TinyRun.PLAN, Watch.stopWhen(() -> true)).result();

        assertThat(none.history()).isEmpty();
        assertThat(none.bestEpoch()).isEqualTo(-1);
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(none::best);
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(none::last);
    }
}
