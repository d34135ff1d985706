package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static varepsilon.robust.defense.ClassifierObjective.Settings.PLAIN;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackRun;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.MiFgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.RandomStartFgsm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/** What all objectives share: the count of passes, what is measured, validation. */
class ClassifierObjectiveTest extends DefenseTest {
    private static final ThreatModel THREAT = ThreatModel.of(Norm.LINF, 0.1);

    private static Adversary by(Attack attack) {
        return new Adversary(attack, THREAT);
    }

    @Test
    void passesAreThoseCountedByHand() {
        // In images of a batch, forward and backward: steps of the attack, restarts evaluated forward, the training
        // itself.
        Map<String, Function<NetworkClassifier, ClassifierObjective>> objectives = new LinkedHashMap<>();
        objectives.put("1 1", c -> new StandardTraining(c, PLAIN));
        objectives.put("5 5", c -> new AdversarialLoss(c, PLAIN, by(Pgd.ofSteps(4)), 0));
        objectives.put("6 6", c -> new AdversarialLoss(c, PLAIN, by(Pgd.ofSteps(4)), 0.5));
        objectives.put(
                "13 9", c -> new AdversarialLoss(c, PLAIN, by(Pgd.ofSteps(2).withRestarts(4)), 0));
        objectives.put("2 2", c -> new AdversarialLoss(c, PLAIN, by(new RandomStartFgsm()), 0));
        objectives.put("3 3", c -> new AdversarialLoss(c, PLAIN, by(new Fgsm()), 0.5));
        objectives.put("7 7", c -> new AdversarialBatch(c, PLAIN, by(MiFgsm.ofSteps(5))));
        // A reference for the divergence, ten steps, and the two trained passes.
        objectives.put("13 12", c -> new Trades(c, PLAIN, by(Pgd.ofSteps(10)), 6));
        objectives.put("1 1 ", c -> new FreeTraining(c, PLAIN, THREAT, 8, 12, 1, 4, 4));
        objectives.forEach((passes, make) -> {
            ClassifierObjective objective = closing(make.apply(normalised()));
            for (int i = 1; i <= 2; i++) {
                objective.evaluate(batch, rng());
                String[] expected = passes.trim().split(" ");
                assertThat(objective.forwardPasses())
                        .as("%s forward", objective)
                        .isEqualTo(12L * i * Integer.parseInt(expected[0]));
                assertThat(objective.backwardPasses())
                        .as("%s backward", objective)
                        .isEqualTo(12L * i * Integer.parseInt(expected[1]));
            }
            // Validation is not training.
            long before = objective.forwardPasses();
            objective.validate(batch, rng());
            assertThat(objective.forwardPasses()).isEqualTo(before);
        });
    }

    @Test
    void allMeasureTheSameByTheSameNames() {
        List<Function<NetworkClassifier, ClassifierObjective>> both = List.of(
                c -> new AdversarialLoss(c, PLAIN, by(Pgd.ofSteps(3)), 0.5),
                c -> new AdversarialBatch(c, PLAIN, by(Pgd.ofSteps(3))),
                c -> new Trades(c, PLAIN, by(Pgd.ofSteps(3)), 1));
        for (var make : both) {
            ClassifierObjective objective = closing(make.apply(plain()));
            Map<String, Tensor> measured = objective.evaluate(batch, rng()).perExample();
            assertThat(measured.keySet()).containsExactly("loss", "accuracy", "adversarial_loss", "robust_accuracy");
            Tensor logits = objective.classifier().logits(pixels);
            assertThat(measured.get("loss").toFloats())
                    .containsExactly(Ops.crossEntropy(logits, labels).toFloats(), within(1e-5f));
            assertThat(measured.get("accuracy").toFloats())
                    .containsExactly(logits.argmax(1).eq(labels).toFloats());
            Tensor rise = measured.get("adversarial_loss").sub(measured.get("loss"));
            if (objective instanceof Trades) {
                assertThat(rise.abs().sum().item())
                        .as("moved, but not up this loss")
                        .isPositive();
            } else {
                assertThat(rise.sum().item()).isPositive();
            }
        }
        for (ClassifierObjective attacked : List.of(
                closing(new AdversarialLoss(plain(), PLAIN, by(new Fgsm()), 0)),
                closing(new FreeTraining(plain(), PLAIN, THREAT, 8, 12, 1, 4, 4)))) {
            assertThat(attacked.evaluate(batch, rng()).perExample().keySet())
                    .as("images as they are do not pass the network")
                    .containsExactly("adversarial_loss", "robust_accuracy");
        }
        assertThat(closing(new StandardTraining(plain(), PLAIN))
                        .evaluate(batch, rng())
                        .perExample()
                        .keySet())
                .containsExactly("loss", "accuracy");
    }

    @Test
    void smoothedLabelsAreTrainedOnAndNotMeasured() {
        ClassifierObjective.Settings settings = new ClassifierObjective.Settings(0.2, null);
        StandardTraining objective = closing(new StandardTraining(plain(), settings));
        BatchResult result = objective.evaluate(batch, rng());
        Tensor logits = objective.classifier().logits(pixels);
        assertThat(result.loss().item())
                .isEqualTo(Ops.crossEntropy(logits, labels, 0.2).mean().item());
        assertThat(result.perExample().get("loss").toFloats())
                .containsExactly(Ops.crossEntropy(logits, labels).toFloats());
    }

    @Test
    void validationMeasuresUnderTheCheckAtFullStrengthWhateverTheTraining() {
        Adversary check = by(Pgd.ofSteps(5)).withWarmUp(10);
        NetworkClassifier classifier = normalised();
        AdversarialLoss objective = closing(new AdversarialLoss(
                classifier,
                new ClassifierObjective.Settings(0.1, check),
                by(new Fgsm()).withWarmUp(10),
                0));
        objective.at(0);
        classifier.module().train(false);
        double[] before = Toys.state(classifier);
        BatchResult result = objective.validate(batch, rng());
        assertThat(result.perExample().keySet()).containsExactly("loss", "accuracy", "robust_accuracy");
        assertThat(Toys.state(classifier)).containsExactly(before);
        var expected = AttackRun.untargeted(classifier, THREAT).of(Pgd.ofSteps(5), pixels, labels, rng(), new Cost());
        float[] robust = result.perExample().get("robust_accuracy").toFloats();
        for (int i = 0; i < 12; i++) {
            assertThat(robust[i]).isEqualTo(expected.isRobust(i) ? 1f : 0f);
        }
        assertThat(closing(new StandardTraining(plain(), PLAIN))
                        .validate(batch, rng())
                        .perExample())
                .doesNotContainKey("robust_accuracy");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
    void refusesASmoothingThatIsNone(double smoothing) {
        assertThatThrownBy(() -> new ClassifierObjective.Settings(smoothing, null))
                .isInstanceOf(InputException.class)
                .hasMessage("label smoothing " + smoothing + ": expected a number in [0, 1]");
    }
}
