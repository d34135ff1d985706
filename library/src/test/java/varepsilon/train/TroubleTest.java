package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static varepsilon.train.TinyRun.CHECKPOINT_EACH_STEP;
import static varepsilon.train.TinyRun.PLAN;
import static varepsilon.train.TinyRun.STEPS_PER_EPOCH;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.data.Batch;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.TinyRun.TinyObjective;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** Numbers that run away, disks that fail, files that are damaged: one clear message, and what was good stays good. */
class TroubleTest {
    @TempDir
    Path folder;

    /** An objective that goes wrong in one step, counted from 1. */
    private static final class Wrong extends TinyObjective {
        private final int wrongStep;
        private final UnaryOperator<Tensor> wrong;
        private int steps;

        Wrong(int wrongStep, UnaryOperator<Tensor> wrong) {
            super(1);
            this.wrongStep = wrongStep;
            this.wrong = wrong;
        }

        @Override
        public BatchResult evaluate(Batch batch, Rng rng) {
            BatchResult result = super.evaluate(batch, rng);
            boolean now = model().isTraining() && ++steps == wrongStep;
            return now ? new BatchResult(wrong.apply(result.loss()), result.perExample()) : result;
        }
    }

    /** √ of 0 adds 0 to the loss, and ∞·0 to its gradient. */
    private static Tensor withANaNGradient(Tensor loss) {
        return loss.add(loss.sub(loss.detach()).mul(0).abs().sqrt());
    }

    private Path run() {
        return folder.resolve("run");
    }

    @Test
    void aLossThatIsNotANumberEndsTheTrainingWithADiagnosis() throws IOException {
        assertThatThrownBy(() -> TinyRun.sit(run(), PLAN, new Wrong(4, loss -> loss.mul(Double.NaN)), () -> false))
                .isInstanceOf(TrainingDivergedException.class)
                .hasMessage("the loss of step 4 is NaN, in epoch 0, learning rate "
                        + 0.005 * (1 + Math.cos(Math.PI / 7))
                        + "; all parameters are finite, so this batch overflowed. Try a smaller learning rate.");
        assertThat(run().resolve("checkpoints"))
                .as("there was nothing to save yet")
                .doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.POSITIVE_INFINITY, Double.NaN})
    void theLastGoodCheckpointIsNamedAndGoesOn(double factor) throws IOException {
        int step = STEPS_PER_EPOCH + 3;
        assertThatThrownBy(() -> TinyRun.sit(run(), PLAN, new Wrong(step, loss -> loss.mul(factor)), () -> false))
                .isInstanceOf(TrainingDivergedException.class)
                .hasMessageContaining("the loss of step 10 is " + factor + ", in epoch 1")
                .hasMessageEndingWith("The last good weights are " + run().resolve("checkpoints/last.safetensors"));
        TinyRun.straight(run(), PLAN);
        TinyRun.straight(folder.resolve("straight"), PLAN);
        assertThat(TinyRun.results(run())).isEqualTo(TinyRun.results(folder.resolve("straight")));
    }

    @Test
    void aGradientThatIsNotANumberIsFoundBeforeItMovesAParameter() {
        Wrong objective = new Wrong(4, TroubleTest::withANaNGradient);
        assertThatThrownBy(() -> TinyRun.sit(run(), PLAN, objective, () -> false))
                .isInstanceOf(TrainingDivergedException.class)
                .hasMessageContaining("the gradient of step 4 is not finite in 6 of 6 parameters, the first is 0.weight"
                        + ", in epoch 0")
                .hasMessageContaining("; all parameters are finite");
    }

    /** An objective that breaks a parameter in one step, counted from 1. */
    private static final class Breaking extends TinyObjective {
        private final int breakingStep;
        private int steps;

        Breaking(int breakingStep) {
            super(1);
            this.breakingStep = breakingStep;
        }

        @Override
        public BatchResult evaluate(Batch batch, Rng rng) {
            BatchResult result = super.evaluate(batch, rng);
            if (!model().isTraining() || ++steps != breakingStep) {
                return result;
            }
            Tensor weight = model().parameters().get("0.weight");
            return new BatchResult(
                    result.loss(), result.perExample(), weight, gradient -> weight.mulInPlace(Double.NaN));
        }
    }

    /** 7: found before the epoch's weights are written; 4 with a checkpoint each step: before the checkpoint is. */
    @ParameterizedTest
    @ValueSource(ints = {4, 7, 11, 14, 21})
    void parametersThatAreNotNumbersAreNeverSaved(int step) throws IOException {
        TrainingPlan plan = step % STEPS_PER_EPOCH == 0 ? PLAN : CHECKPOINT_EACH_STEP;
        assertThatThrownBy(() -> TinyRun.sit(run(), plan, new Breaking(step), () -> false))
                .isInstanceOf(TrainingDivergedException.class)
                .hasMessageContaining("parameter '0.weight' is not finite after step " + step + ", in epoch "
                        + (step - 1) / STEPS_PER_EPOCH);
        try (var files = Files.walk(run());
                var scope = Scope.open()) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
                assertThat(Weights.read(file).tensors().values())
                        .as(file.toString())
                        .allMatch(Tensor::isFinite);
            }
        }
        TinyRun.straight(run(), PLAN);
        TinyRun.straight(folder.resolve("straight"), PLAN);
        assertThat(TinyRun.results(run())).isEqualTo(TinyRun.results(folder.resolve("straight")));
    }

    @Test
    void aListenerThatFailsEndsTheTrainingAndTheCheckpointBeforeItStays() throws IOException {
        TrainingListener failing = new TrainingListener() {
            @Override
            public void finished(EpochResult result) throws IOException {
                if (result.epoch() == 1) {
                    throw new IOException("No space left on device");
                }
            }
        };
        assertThatThrownBy(() -> TinyRun.sit(run(), PLAN, () -> false, failing))
                .isInstanceOf(IOException.class)
                .hasMessage("No space left on device");
        assertGoesOnToTheSameEnd();
    }

    /**
     * A folder in the way of a file makes writing it fail, also for root, who may write anywhere. It fails in the last
     * epoch: what is then written too early is never written again.
     */
    @ParameterizedTest
    @ValueSource(strings = {"metrics.csv", "checkpoints/last.safetensors", "checkpoints/training.safetensors"})
    void aDiskThatFailsEndsTheTrainingAndTheCheckpointBeforeItStays(String file) throws IOException {
        Path target = run().resolve(file);
        Path aside = folder.resolve("aside");
        TrainingListener breaking = new TrainingListener() {
            @Override
            public void stepped(Step step) throws IOException {
                if (step.step() == 2 * STEPS_PER_EPOCH + 2) {
                    Files.move(target, aside);
                    Files.createDirectory(target);
                    Files.createFile(target.resolve("in-the-way"));
                }
            }
        };
        assertThatThrownBy(() -> TinyRun.sit(run(), PLAN, () -> false, breaking))
                .isInstanceOf(IOException.class);
        Files.delete(target.resolve("in-the-way"));
        Files.delete(target);
        Files.move(aside, target);
        assertGoesOnToTheSameEnd();
    }

    private void assertGoesOnToTheSameEnd() throws IOException {
        assertThat(TinyRun.straight(run(), PLAN).complete()).isTrue();
        TinyRun.straight(folder.resolve("straight"), PLAN);
        assertThat(TinyRun.results(run())).isEqualTo(TinyRun.results(folder.resolve("straight")));
    }

    /** Stops in the second epoch, changes the checkpoint's content, and expects it to be refused, then good again. */
    private void refused(UnaryOperator<Weights> change, String said) throws IOException {
        if (!Files.exists(run())) {
            int[] steps = {0};
            TinyRun.sit(run(), PLAN, () -> ++steps[0] == STEPS_PER_EPOCH + 2);
        }
        Path checkpoint = run().resolve("checkpoints/training.safetensors");
        byte[] good = Files.readAllBytes(checkpoint);
        try (var scope = Scope.open()) {
            Weights changed = change.apply(Weights.read(checkpoint));
            Optional<String> position = changed.metadata("training");
            Safetensors.write(
                    checkpoint,
                    position.map(json -> Checkpoint.sealed(changed.tensors(), json))
                            .orElse(changed));
        }
        expectRefusal(checkpoint).hasMessageContaining(said);
        Files.write(checkpoint, good);
    }

    private AbstractThrowableAssert<?, ?> expectRefusal(Path checkpoint) {
        return assertThatThrownBy(() -> TinyRun.straight(run(), PLAN))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(checkpoint + ": ")
                .hasMessageNotContaining("\n");
    }

    private static UnaryOperator<Weights> without(String name) {
        return weights -> {
            Map<String, Tensor> tensors = new LinkedHashMap<>(weights.tensors());
            assertThat(tensors.remove(name)).isNotNull();
            return Weights.of(tensors, weights.metadata());
        };
    }

    private static UnaryOperator<Weights> with(String name, DType dtype, long... shape) {
        return weights -> {
            Map<String, Tensor> tensors = new LinkedHashMap<>(weights.tensors());
            tensors.put(name, Tensor.zeros(dtype, shape));
            return Weights.of(tensors, weights.metadata());
        };
    }

    private static UnaryOperator<Weights> position(String from, String to) {
        return weights -> {
            String json = weights.metadata("training").orElseThrow();
            assertThat(json).containsPattern(from);
            return Weights.of(weights.tensors(), Map.of("training", json.replaceFirst(from, to)));
        };
    }

    @Test
    void aDamagedCheckpointIsRefusedInOneLine() throws IOException {
        refused(without("model.0.weight"), "1 missing ('model.0.weight')");
        refused(without("optimizer.second_moment.4.bias"), "1 missing ('optimizer.second_moment.4.bias')");
        refused(without("rng.noise"), "1 missing ('rng.noise')");
        refused(with("model.extra", DType.FLOAT32, 1), "1 surplus ('model.extra')");
        refused(with("elsewhere", DType.FLOAT32, 1), "1 surplus ('elsewhere')");
        refused(with("optimizer.first_moment.4.bias", DType.FLOAT32, 1), "first_moment.4.bias [1] not [3]");
        refused(with("rng.noise", DType.UINT8, 5), "rng.noise [5] not [");
        refused(weights -> Weights.of(weights.tensors(), Map.of()), "not a checkpoint");
        refused(weights -> Weights.of(weights.tensors(), Map.of("training", "{\"seed\":")), "cannot be read");
        refused(position("\"seed\":5", "\"seed\":7"), "seed 7, not 5");
        refused(position("\"epoch\":1", "\"epoch\":-1"), "epoch -1");
        refused(position("\"batch\":2", "\"batch\":-2"), "batch -2");
        refused(position("\"batch\":2", "\"batch\":8"), "batch 8 of an epoch, which has 7");
        refused(position("\"step\":9", "\"step\":-9"), "step -9");
        refused(position("\"bestEpoch\":0", "\"bestEpoch\":4"), "the best epoch 4");
        refused(position("\"history\":.*", "\"history\":null}"), "cannot be read");
        refused(position("\"history\":.*", "\"history\":[]}"), "0 finished epochs");
        refused(position("\"sums\":\\{", "\"sums\":{\"x\":null,"), "cannot be read");
        refused(position("\"validation\":\\{", "\"validation\":{\"x\":null,"), "cannot be read");
        refused(position("\"history\":\\[", "\"history\":[null,"), "cannot be read");
        assertGoesOnToTheSameEnd();
    }

    /** Every part of the file is covered: the position, and the values of every kind. */
    @Test
    void aFlippedBitIsFound() throws IOException {
        TinyRun.straight(run(), PLAN);
        Path checkpoint = run().resolve("checkpoints/training.safetensors");
        byte[] good = Files.readAllBytes(checkpoint);
        String text = new String(good, StandardCharsets.ISO_8859_1);
        int values = (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong() + Long.BYTES;
        List<Integer> places = new ArrayList<>(List.of(text.indexOf("\\\"loss\\\":0.") + 12, good.length - 1));
        for (int place = values; place < good.length; place += 199) {
            places.add(place);
        }
        for (int place : places) {
            byte[] flipped = good.clone();
            flipped[place] ^= 1;
            Files.write(checkpoint, flipped);
            expectRefusal(checkpoint)
                    .as("bit flipped in byte %d of %d", place, good.length)
                    .hasMessageContaining("damaged: its content has the checksum ")
                    .hasMessageEndingWith("; put a good copy in its place, or delete it to train from the start");
        }
        Files.write(checkpoint, good);
        assertThat(TinyRun.straight(run(), PLAN).complete()).isTrue();
    }

    @Test
    void aCheckpointOfAnEarlierVersionHasNoChecksum() throws IOException {
        TinyRun.straight(run(), PLAN);
        Path checkpoint = run().resolve("checkpoints/training.safetensors");
        try (var scope = Scope.open()) {
            Weights saved = Weights.read(checkpoint);
            String position = saved.metadata("training").orElseThrow();
            Safetensors.write(checkpoint, Weights.of(saved.tensors(), Map.of("training", position)));
        }
        assertThat(TinyRun.straight(run(), PLAN.withEpochs(4)).history()).hasSize(4);
    }

    @Test
    void aRandomStreamThatIsNotOneIsRefused() throws IOException {
        refused(
                weights -> {
                    Map<String, Tensor> tensors = new LinkedHashMap<>(weights.tensors());
                    tensors.computeIfPresent("rng.noise", (name, state) -> state.zerosLike());
                    return Weights.of(tensors, weights.metadata());
                },
                "saved state");
        assertGoesOnToTheSameEnd();
    }

    @Test
    void aCheckpointThatWasCutShortIsRefused() throws IOException {
        TinyRun.straight(run(), PLAN);
        Path checkpoint = run().resolve("checkpoints/training.safetensors");
        byte[] good = Files.readAllBytes(checkpoint);
        for (int length : new int[] {0, 7, 8, 100, good.length / 2, good.length - 1}) {
            Files.write(checkpoint, Arrays.copyOf(good, length));
            expectRefusal(checkpoint);
        }
        Files.write(checkpoint, Arrays.copyOf(good, good.length + 1));
        expectRefusal(checkpoint);
        Files.write(checkpoint, "something else entirely".getBytes(StandardCharsets.UTF_8));
        expectRefusal(checkpoint);
    }

    @Test
    void anExceptionOfTheObjectivePassesAndLeavesNothingOpen() throws IOException {
        assertThatThrownBy(() -> TinyRun.sit(
                        run(),
                        PLAN,
                        new Wrong(9, loss -> {
                            throw new UncheckedIOException(new IOException("from within"));
                        }),
                        () -> false))
                .isInstanceOf(UncheckedIOException.class);
        assertThatThrownBy(() -> Tensor.zeros(DType.FLOAT32, 1)).hasMessageContaining("no scope is open");
        assertGoesOnToTheSameEnd();
    }
}
