package varepsilon.lab.published;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.Glyphs;
import varepsilon.lab.ScopedTest;
import varepsilon.nn.BatchNorm2d;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.nn.Sgd;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.robust.defense.StandardTraining;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/** A defence that is none trains as no defence does, but for what batch normalisation sees. */
class UnusedAdversaryTest extends ScopedTest {
    private static final int STEPS = 3;
    private static final int PGD_STEPS = 4;
    private static final int IMAGES = 12;

    private Batch batch;

    @BeforeEach
    void drawABatch() {
        batch = Batches.of(Glyphs.draw("glyphs", IMAGES, 1), IMAGES).iterator().next();
    }

    private NetworkClassifier plain() {
        return closing(convolutional(false));
    }

    private NetworkClassifier normalised() {
        return closing(convolutional(true));
    }

    private static NetworkClassifier convolutional(boolean batchNorm) {
        try (Rng rng = Seed.of(3).stream()) {
            Init init = new Init(rng, Device.CPU, DType.FLOAT32);
            Layer network = new Sequential(
                    new Conv2d(1, 4, 3, 4, 1, true, init),
                    batchNorm ? new BatchNorm2d(4, init) : Layer.of(x -> x),
                    Layer.of(Tensor::relu),
                    Layer.of(x -> x.flatten(1)),
                    new Linear(4 * 7 * 7, 10, init));
            return new NetworkClassifier(network, new Normalisation(List.of(0.4), List.of(0.3)), init);
        }
    }

    /** All that a weight file would hold, one number after the other. */
    private static double[] state(NetworkClassifier classifier) {
        return classifier.module().state().values().stream()
                .flatMapToDouble(tensor -> Arrays.stream(tensor.toDoubles()))
                .toArray();
    }

    private UnusedAdversary unused(NetworkClassifier classifier, Adversary.Mode mode) {
        Adversary adversary = new Adversary(Pgd.ofSteps(PGD_STEPS), ThreatModel.of(Norm.LINF, 0.1)).withMode(mode);
        return closing(new UnusedAdversary(classifier, ClassifierObjective.Settings.PLAIN, adversary));
    }

    private StandardTraining standard(NetworkClassifier classifier) {
        return closing(new StandardTraining(classifier, ClassifierObjective.Settings.PLAIN));
    }

    /** Some steps on the batch; what was measured in the last, one value an image. */
    private Map<String, float[]> trained(ClassifierObjective objective) {
        List<Tensor> parameters = List.copyOf(objective.model().parameters().values());
        Map<String, float[]> measured = new TreeMap<>();
        try (Sgd optimizer = new Sgd(objective.model().parameters(), 0.1, 0.9, 0, false)) {
            for (int i = 0; i < STEPS; i++) {
                BatchResult result = objective.evaluate(batch, rng(7));
                optimizer.step(Gradients.of(result.loss(), parameters));
                result.perExample().forEach((name, values) -> measured.put(name, values.toFloats()));
            }
        }
        return measured;
    }

    @ParameterizedTest
    @EnumSource
    void withoutBatchNormalisationItIsStandardTrainingToTheBit(Adversary.Mode mode) {
        UnusedAdversary unused = unused(plain(), mode);
        StandardTraining standard = standard(plain());
        double[] fresh = state(standard.classifier());

        Map<String, float[]> found = trained(unused);
        Map<String, float[]> expected = trained(standard);

        assertThat(state(unused.classifier()))
                .containsExactly(state(standard.classifier()))
                .isNotEqualTo(fresh);
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        found.forEach((name, values) -> assertThat(values).as(name).containsExactly(expected.get(name)));
    }

    @Test
    void inTrainingModeTheAdversaryMovesTheRunningStatisticsAndNothingElse() {
        UnusedAdversary unused = unused(normalised(), Adversary.Mode.TRAINING);
        StandardTraining standard = standard(normalised());

        trained(unused);
        trained(standard);

        unused.model()
                .parameters()
                .forEach((name, parameter) -> assertThat(parameter.toFloats())
                        .as(name)
                        .containsExactly(standard.model().parameters().get(name).toFloats()));
        for (String statistics : List.of("1.running_mean", "1.running_var")) {
            assertThat(unused.model().state().get(statistics).toFloats())
                    .as(statistics)
                    .isNotEqualTo(standard.model().state().get(statistics).toFloats());
        }
        assertThat(unused.model().state().get("1.num_batches_tracked").item()).isEqualTo(STEPS * (PGD_STEPS + 1));
        assertThat(standard.model().state().get("1.num_batches_tracked").item()).isEqualTo(STEPS);
    }

    @Test
    void inEvaluationModeNotEvenThose() {
        UnusedAdversary unused = unused(normalised(), Adversary.Mode.EVALUATION);
        StandardTraining standard = standard(normalised());

        trained(unused);
        trained(standard);

        assertThat(state(unused.classifier())).containsExactly(state(standard.classifier()));
    }

    @Test
    void whatTheAdversaryAsksForIsCountedAllTheSame() {
        UnusedAdversary unused = unused(plain(), Adversary.Mode.EVALUATION);

        trained(unused);

        long images = STEPS * IMAGES;
        assertThat(unused.forwardPasses()).isEqualTo(images * (PGD_STEPS + 1));
        assertThat(unused.backwardPasses()).isEqualTo(images * (PGD_STEPS + 1));
    }
}
