package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.train.EpochResult;
import varepsilon.train.Fit;
import varepsilon.train.Monitor;
import varepsilon.train.TrainingPlan;
import varepsilon.weights.Weights;

/** A defence that is stopped after every batch ends with the same bits, and has counted the same passes. */
class ResumedTrainingTest {
    private static final int EPOCHS = 2;
    private static final int REPLAYS = 3;
    // 29 images in batches of 8: the last has 5.
    private static final ImageSet TRAINING = Toys.images(29, 4);
    private static final ImageSet VALIDATION = Toys.images(11, 5);
    private static final TrainingPlan PLAN = TrainingPlan.of(EPOCHS, 8, 6, Monitor.largest("robust_accuracy"));
    private static final ThreatModel THREAT = ThreatModel.of(Norm.LINF, 0.1);
    private static final ClassifierObjective.Settings CHECKED =
            new ClassifierObjective.Settings(0, new Adversary(Pgd.ofSteps(3), THREAT));

    @TempDir
    Path folder;

    private static ClassifierObjective objective(String name, NetworkClassifier classifier) {
        Adversary pgd = new Adversary(Pgd.ofSteps(2), THREAT).withWarmUp(1.5);
        return switch (name) {
            case "standard" -> new StandardTraining(classifier, CHECKED);
            case "adversarial-loss" -> new AdversarialLoss(classifier, CHECKED, pgd, 0.3);
            case "adversarial-batch" -> new AdversarialBatch(classifier, CHECKED, pgd);
            case "trades" -> new Trades(classifier, CHECKED, pgd, 2);
            case "free" -> new FreeTraining(classifier, CHECKED, THREAT, REPLAYS, 8, 1, 4, 4);
            default -> throw new AssertionError(name);
        };
    }

    /** Passes forward of an epoch for each image. */
    private static long passes(String name) {
        return switch (name) {
            case "standard" -> 1;
            case "adversarial-loss", "adversarial-batch" -> 4;
            case "trades" -> 5;
            case "free" -> REPLAYS;
            default -> throw new AssertionError(name);
        };
    }

    private record Sitting(Fit.Result outcome, long forward) {}

    private Sitting sit(String name, Path run, BooleanSupplier stop) throws IOException {
        try (NetworkClassifier classifier = Toys.convolutional(true, DType.FLOAT32);
                ClassifierObjective objective = objective(name, classifier)) {
            Fit.Result outcome = Toys.sit(run, PLAN, objective, TRAINING, VALIDATION, stop);
            return new Sitting(outcome, objective.forwardPasses());
        }
    }

    /** Every tensor of the checkpoint, bit by bit. */
    private static Map<String, String> bits(Path run) throws IOException {
        Map<String, String> bits = new TreeMap<>();
        try (var scope = Scope.open()) {
            Weights.read(run.resolve("checkpoints/training.safetensors"))
                    .tensors()
                    .forEach((name, tensor) -> bits.put(
                            name, HexFormat.of().formatHex(tensor.toRaw().array())));
        }
        return bits;
    }

    private static Map<Integer, Map<String, Double>> measured(Fit.Result outcome) {
        Map<Integer, Map<String, Double>> measured = new LinkedHashMap<>();
        for (EpochResult epoch : outcome.history()) {
            Map<String, Double> values = new TreeMap<>(epoch.train());
            epoch.validation().forEach((key, value) -> values.put("val_" + key, value));
            measured.put(epoch.epoch(), values);
        }
        return measured;
    }

    @ParameterizedTest
    @ValueSource(strings = {"standard", "adversarial-loss", "adversarial-batch", "trades", "free"})
    void stoppedAfterEveryBatch(String name) throws IOException {
        Sitting straight = sit(name, folder.resolve("straight"), () -> false);
        Path run = folder.resolve("run");
        Sitting last = sit(name, run, () -> true);
        int sittings = 1;
        while (!last.outcome().complete()) {
            last = sit(name, run, () -> true);
            sittings++;
        }
        assertThat(sittings).isEqualTo(EPOCHS * 4 + 1);
        Map<String, String> expected = bits(folder.resolve("straight"));
        assertThat(bits(run)).isEqualTo(expected);
        assertThat(expected).containsKey("memory.passes");
        assertThat(expected.containsKey("memory.perturbation")).isEqualTo(name.equals("free"));
        assertThat(measured(last.outcome())).isEqualTo(measured(straight.outcome()));
        assertThat(straight.forward()).isEqualTo(EPOCHS * 29 * passes(name));
        assertThat(last.forward()).isEqualTo(straight.forward());
    }

    @Test
    void freeTrainingWithoutReplaysAndPerturbationIsStandardTraining() throws IOException {
        Path standard = folder.resolve("standard");
        sit("standard", standard, () -> false);
        Path free = folder.resolve("free");
        try (NetworkClassifier classifier = Toys.convolutional(true, DType.FLOAT32);
                ClassifierObjective objective =
                        new FreeTraining(classifier, CHECKED, THREAT.withEpsilon(0), 1, 8, 1, 4, 4)) {
            Toys.sit(free, PLAN, objective, TRAINING, VALIDATION, () -> false);
        }
        Map<String, String> expected = bits(standard);
        Map<String, String> actual = bits(free);
        actual.remove("memory.perturbation");
        // The stream of random numbers is nobody's here: neither draws from it in training.
        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void aCollapsedRunEndsAndStaysEnded() throws IOException {
        // A drop at which the toy's first fall, which is chance, counts as a collapse.
        TrainingPlan plan = PLAN.withEpochs(40).withStopRules(new CatastrophicOverfitting(0.01, 0));
        Path run = folder.resolve("run");
        Fit.Result outcome = null;
        for (int sitting = 0; sitting < 2; sitting++) {
            try (NetworkClassifier classifier = Toys.convolutional(true, DType.FLOAT32);
                    ClassifierObjective objective =
                            new AdversarialLoss(classifier, CHECKED, new Adversary(new Fgsm(), THREAT), 0)) {
                outcome = Toys.sit(run, plan, objective, TRAINING, VALIDATION, () -> false);
            }
            assertThat(outcome.complete()).isTrue();
            assertThat(outcome.stopped().orElseThrow())
                    .startsWith("catastrophic overfitting: validation robust_accuracy fell from ");
            assertThat(outcome.history()).hasSizeLessThan(40);
        }
    }
}
