package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import varepsilon.classify.NetworkClassifier;
import varepsilon.nn.Sgd;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/** A defence that is none trains as no defence does, but for what batch normalisation sees. */
class UnusedAdversaryTest extends ScopedTest {
    private static final int STEPS = 3;
    private static final int PGD_STEPS = 4;

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
                BatchResult result = objective.evaluate(batch, rng());
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
        double[] fresh = Toys.state(standard.classifier());

        Map<String, float[]> found = trained(unused);
        Map<String, float[]> expected = trained(standard);

        assertThat(Toys.state(unused.classifier()))
                .containsExactly(Toys.state(standard.classifier()))
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

        assertThat(Toys.state(unused.classifier())).containsExactly(Toys.state(standard.classifier()));
    }

    @Test
    void whatTheAdversaryAsksForIsCountedAllTheSame() {
        UnusedAdversary unused = unused(plain(), Adversary.Mode.EVALUATION);

        trained(unused);

        long images = STEPS * 12;
        assertThat(unused.forwardPasses()).isEqualTo(images * (PGD_STEPS + 1));
        assertThat(unused.backwardPasses()).isEqualTo(images * (PGD_STEPS + 1));
    }
}
