package varepsilon.lab.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Normalisation;
import varepsilon.lab.run.ClassifierRuns;
import varepsilon.lab.run.Run;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.nn.Schedule;
import varepsilon.nn.Sgd;
import varepsilon.robust.defense.AdversarialLoss;
import varepsilon.tensor.Scope;
import varepsilon.train.RunDirectory;
import varepsilon.train.TrainingListener;
import varepsilon.weights.Weights;

/** Each defect by its name, and what those of a training do to one. */
class DefectTest {
    @TempDir
    private Path folder;

    @Test
    void namesAreNotShared() {
        assertThat(Arrays.stream(Defect.values()).map(Defect::label)).doesNotHaveDuplicates();
    }

    private static ClassifierSpec config(DefenseSpec defense) {
        return new ClassifierSpec(
                new ClassifierSpec.Images("glyphs", 95, 20, "none", 10),
                new ClassifierSpec.Network("small-cnn", "", new Normalisation(List.of(0.13), List.of(0.31))),
                new ClassifierSpec.Fitting(2, 25, 0.05)
                        .withOptimizer(new Sgd.Choice(0.9, 0))
                        .withSchedule(Schedule.constant()),
                defense,
                AttackSpec.none(),
                9,
                1,
                "cpu");
    }

    private static DefenseSpec adversarialLoss(double alpha, Defect... defects) {
        return new DefenseSpec(
                new AdversarialLoss.Choice(alpha),
                AttackSpec.of("fgsm", "linf", 0.1),
                "training",
                0,
                Stream.of(defects).map(Defect::label).toList());
    }

    @Test
    void aTrainingHasNoDefectsOfAnEvaluation() {
        ClassifierSpec config = config(adversarialLoss(0.5, Defect.LOGIT_LOSS));

        assertThatThrownBy(() ->
                        Run.begin(new ClassifierRuns(new PublishedTraining()), config, folder.resolve("run"), folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("logit-loss")
                .hasMessageContaining("clamp-normalised, normalised-units, train-on-clean");
    }

    private Map<String, float[]> trained(String name, DefenseSpec defense) throws IOException {
        ClassifierSpec config = config(defense);
        Map<String, float[]> values = new TreeMap<>();
        try (Run<?, ?> run =
                Run.begin(new ClassifierRuns(new PublishedTraining()), config, folder.resolve(name), folder)) {
            run.train(new TrainingListener() {}, List.of(), Watch.NONE);
        }
        try (var scope = Scope.withoutGradients()) {
            Weights.read(RunDirectory.weightsOf(folder.resolve(name)))
                    .tensors()
                    .forEach((key, tensor) -> values.put(key, tensor.toFloats()));
        }
        return values;
    }

    private static void assertEqual(Map<String, float[]> found, Map<String, float[]> expected, boolean equal) {
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        boolean same = found.keySet().stream().allMatch(key -> Arrays.equals(found.get(key), expected.get(key)));
        assertThat(same).isEqualTo(equal);
    }

    private static double distance(Map<String, float[]> a, Map<String, float[]> b) {
        return a.keySet().stream()
                .flatMapToDouble(key ->
                        IntStream.range(0, a.get(key).length).mapToDouble(i -> Math.abs(a.get(key)[i] - b.get(key)[i])))
                .max()
                .orElseThrow();
    }

    /** The network has no batch normalisation: an adversary whose images are not used leaves no trace. */
    @Test
    void trainedOnCleanIsNoDefence() throws IOException {
        Map<String, float[]> plain = trained("plain", DefenseSpec.standard());

        assertEqual(trained("clean", adversarialLoss(0.5, Defect.TRAIN_ON_CLEAN)), plain, true);
        assertEqual(trained("defended", adversarialLoss(0.5)), plain, false);
    }

    @Test
    void theClampAndTheUnitsChangeWhatIsLearned() throws IOException {
        Map<String, float[]> defended = trained("defended", adversarialLoss(0.5));
        Map<String, float[]> clamped = trained("clamped", adversarialLoss(0.5, Defect.CLAMP_NORMALISED));
        Map<String, float[]> scaled = trained("scaled", adversarialLoss(0.5, Defect.NORMALISED_UNITS));

        assertEqual(clamped, defended, false);
        assertEqual(scaled, defended, false);
        assertEqual(clamped, scaled, false);
        // ε and nothing else: in units of a standard deviation of 0.31, 0.1 is 0.031 in pixels, up to rounding.
        DefenseSpec weaker = new DefenseSpec(
                new AdversarialLoss.Choice(0.5), AttackSpec.of("fgsm", "linf", 0.1 * 0.31), "training", 0, List.of());
        assertThat(distance(scaled, trained("weaker", weaker))).isLessThan(distance(scaled, defended) / 100);
    }
}
