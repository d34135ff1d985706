package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static varepsilon.train.TinyRun.PLAN;
import static varepsilon.train.TinyRun.SEED;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.nn.Module;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.TinyRun.TinyObjective;
import varepsilon.weights.Weights;

class WeightAverageTest {
    @TempDir
    Path folder;

    /** One parameter and one buffer. */
    private static final class Two extends Module {
        private final Tensor weight = parameter("weight", Tensor.of(new double[] {1, -1}, 2));
        private final Tensor statistic = buffer("statistic", Tensor.of(new double[] {5}, 1));
    }

    @Test
    void followsItsRecursion() {
        try (var scope = Scope.withoutGradients();
                Two model = new Two();
                WeightAverage average = new WeightAverage(model, 0.5)) {
            double[] expected = {1, -1};
            for (int t = 1; t <= 20; t++) {
                double[] now = {Math.sin(t), 3 - t};
                model.weight.copyInPlace(Tensor.of(now, 2));
                average.update(t);
                // The decay grows from 2/11 and reaches 1/2 with the eighth step.
                double d = t < 8 ? (1.0 + t) / (10 + t) : 0.5;
                for (int i = 0; i < 2; i++) {
                    expected[i] = d * expected[i] + (1 - d) * now[i];
                }
                assertThat(average.tensors().get("weight").toDoubles())
                        .as("step %d", t)
                        .containsExactly(expected, within(1e-13));
            }
        }
    }

    @Test
    void standsInForTheParametersAndGivesThemBackAlsoWhenAnExceptionPasses() {
        try (var scope = Scope.withoutGradients();
                Two model = new Two();
                WeightAverage average = new WeightAverage(model, 0.5)) {
            model.weight.copyInPlace(Tensor.of(new double[] {0.1, 0.2}, 2));
            model.statistic.copyInPlace(Tensor.of(new double[] {6}, 1));
            assertThatThrownBy(() -> {
                        try (var inUse = average.use()) {
                            assertThat(model.weight.toDoubles()).containsExactly(1, -1);
                            assertThat(model.statistic.item())
                                    .as("buffers are the model's own")
                                    .isEqualTo(6);
                            throw new IllegalStateException("on purpose");
                        }
                    })
                    .hasMessage("on purpose");
            assertThat(model.weight.toDoubles()).containsExactly(0.1, 0.2);
            assertThat(average.tensors().get("weight").toDoubles()).containsExactly(1, -1);
            assertThat(model.weight.requiresGrad()).isTrue();
        }
    }

    @Test
    void validationAndWeightFilesAreOfTheAverageAndTheTrainingIsNot() throws IOException {
        TrainingPlan plan = PLAN.withAverageDecay(0.95);
        Path averaged = folder.resolve("averaged");
        Fit.Result outcome = TinyRun.straight(averaged, plan);
        Path plain = folder.resolve("plain");
        TinyRun.straight(plain, PLAN);
        Map<String, String> results = TinyRun.results(averaged);
        // The training is the same with and without: weights, optimizer, noise.
        assertThat(trained(results)).isEqualTo(trained(TinyRun.results(plain))).hasSizeGreaterThan(15);
        assertThat(results)
                .containsEntry("last: average_decay", "0.95")
                .containsEntry("best: average_decay", "0.95")
                .containsEntry("last: architecture", "tiny");
        assertThat(TinyRun.results(plain)).doesNotContainKey("last: average_decay");
        assertThat(results.get("last: 4.weight"))
                .isEqualTo(results.get("training: average.4.weight"))
                .isNotEqualTo(results.get("training: model.4.weight"));
        assertThat(results.get("last: 1.running_mean")).isEqualTo(results.get("training: model.1.running_mean"));

        TinyObjective objective = new TinyObjective(77);
        try (var scope = Scope.open();
                Module model = objective.model()) {
            model.load(Weights.read(averaged.resolve("checkpoints/last.safetensors")));
            assertThat(Trainer.validate(objective, TinyRun.VALIDATION, 8, SEED))
                    .isEqualTo(outcome.history().get(2).validation());
        }
    }

    private static Map<String, String> trained(Map<String, String> results) {
        return results.entrySet().stream()
                .filter(entry -> entry.getKey().matches("training: (model|optimizer|rng).*"))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, TreeMap::new));
    }

    @Test
    void aRunKeepsItsAverageOrHasNone() throws IOException {
        Path run = folder.resolve("run");
        int[] batches = {0};
        TinyRun.sit(run, PLAN.withAverageDecay(0.9), () -> ++batches[0] == 2);
        assertThatThrownBy(() -> TinyRun.straight(run, PLAN))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("training.safetensors")
                .hasMessageContaining("surplus ('average.");
        for (double wrong : new double[] {-0.1, 1, Double.NaN}) {
            assertThatThrownBy(() -> PLAN.withAverageDecay(wrong))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("average decay " + wrong);
        }
        try (var scope = Scope.open();
                Two model = new Two();
                WeightAverage none = new WeightAverage(model, 0)) {
            none.update(1);
            assertThat(none.tensors()).isEmpty();
            try (var inUse = none.use()) {
                assertThat(model.weight.toDoubles()).containsExactly(1, -1);
            }
        }
    }
}
