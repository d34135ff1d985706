package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static varepsilon.robust.defense.ClassifierObjective.Settings.PLAIN;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * The two ways to train on images as they are and on perturbed ones, and what a pass that serves twice may not change.
 */
class SharedWorkTest extends DefenseTest {
    private static final ThreatModel THREAT = ThreatModel.of(Norm.LINF, 0.1);

    private double[] gradient(ClassifierObjective objective, Cost cost) {
        return Toys.gradient(objective.classifier(), closing(objective).evaluate(pixels, labels, rng(), cost));
    }

    private double[] gradient(ClassifierObjective objective) {
        return gradient(objective, new Cost());
    }

    /** α·CE(x) + (1 − α)·CE(x_adv) as it is written, each pass by itself. */
    private BatchResult textbook(NetworkClassifier classifier, Adversary adversary, double alpha) {
        Tensor perturbed = adversary.perturbed(classifier, pixels, labels, 1, rng(), new Cost());
        Tensor clean = Ops.crossEntropy(classifier.logits(pixels), labels).mean();
        Tensor adversarial =
                Ops.crossEntropy(classifier.logits(perturbed), labels).mean();
        return new BatchResult(clean.mul(alpha).add(adversarial.mul(1 - alpha)), Map.of());
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().getAsDouble();
    }

    private static void assertClose(double[] actual, double[] expected) {
        // The order of sums alone differs.
        assertThat(actual).containsExactly(expected, within(1e-6 * largest(expected)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.2, 0.5, 0.9})
    void onePassInPlaceOfTwoGivesTheSameLossAndGradient(double alpha) {
        for (boolean batchNorm : List.of(false, true)) {
            // With batch normalisation, only an attack in training mode sees what the training sees.
            Adversary adversary = new Adversary(new Fgsm(), THREAT)
                    .withMode(batchNorm ? Adversary.Mode.TRAINING : Adversary.Mode.EVALUATION);
            NetworkClassifier one = batchNorm ? normalised() : plain();
            NetworkClassifier other = batchNorm ? normalised() : plain();
            Cost cost = new Cost();
            BatchResult shared =
                    closing(new AdversarialLoss(one, PLAIN, adversary, alpha)).evaluate(pixels, labels, rng(), cost);
            BatchResult textbook = textbook(other, adversary, alpha);
            assertThat(shared.loss().item()).isCloseTo(textbook.loss().item(), within(1e-6));
            assertClose(Toys.gradient(one, shared), Toys.gradient(other, textbook));
            assertThat(cost.forwardPasses()).as("passes forward").isEqualTo(2 * 12);
            assertThat(cost.backwardPasses()).as("passes backward").isEqualTo(2 * 12);
            if (batchNorm) {
                assertThat(batches(one)).isEqualTo(2);
                assertThat(batches(other)).isEqualTo(3);
            }
        }
    }

    private static double batches(NetworkClassifier classifier) {
        return classifier.module().state().get("1.num_batches_tracked").item();
    }

    @Test
    void whereThePassesDifferNothingIsShared() {
        Cost cost = new Cost();
        Adversary fgsm = new Adversary(new Fgsm(), THREAT);
        NetworkClassifier one = normalised();
        double[] evaluating = gradient(new AdversarialLoss(one, PLAIN, fgsm, 0.5), cost);
        assertThat(cost.forwardPasses()).isEqualTo(3 * 12);
        NetworkClassifier other = normalised();
        assertClose(evaluating, Toys.gradient(other, textbook(other, fgsm, 0.5)));
        // The two networks have seen the same batches, in the same order.
        assertThat(Toys.state(one)).containsExactly(Toys.state(other));
        assertThat(batches(one)).isEqualTo(2);

        // Training against smoothed labels is another loss than the attack raises.
        Cost smoothed = new Cost();
        gradient(new AdversarialLoss(plain(), new ClassifierObjective.Settings(0.1, null), fgsm, 0.5), smoothed);
        assertThat(smoothed.forwardPasses()).isEqualTo(3 * 12);
    }

    @Test
    void theWarmUpHoldsForASharedPass() {
        AdversarialLoss objective =
                closing(new AdversarialLoss(plain(), PLAIN, new Adversary(new Fgsm(), THREAT).withWarmUp(2), 0.5));
        objective.at(0);
        BatchResult start = objective.evaluate(pixels, labels, rng(), new Cost());
        assertThat(start.perExample().get("adversarial_loss").toDoubles())
                .containsExactly(start.perExample().get("loss").toDoubles());
        objective.at(1);
        BatchResult half = objective.evaluate(pixels, labels, rng(), new Cost());
        AdversarialLoss weaker =
                closing(new AdversarialLoss(plain(), PLAIN, new Adversary(new Fgsm(), THREAT.withEpsilon(0.05)), 0.5));
        assertThat(half.loss().item())
                .isEqualTo(weaker.evaluate(pixels, labels, rng(), new Cost())
                        .loss()
                        .item())
                .isGreaterThan(start.loss().item());
    }

    @Test
    void theAdversarialBatchIsTheAdversarialLossAtOneHalfWithoutBatchNormalisation() {
        for (Attack attack : List.of(new Fgsm(), Pgd.ofSteps(4))) {
            Adversary adversary = new Adversary(attack, THREAT);
            double[] batch = gradient(new AdversarialBatch(plain(), PLAIN, adversary));
            double[] loss = gradient(new AdversarialLoss(plain(), PLAIN, adversary, 0.5));
            assertClose(batch, loss);
        }
    }

    @Test
    void withBatchNormalisationTheyDiffer() {
        Adversary adversary = new Adversary(Pgd.ofSteps(4), THREAT);
        double[] batch = gradient(new AdversarialBatch(normalised(), PLAIN, adversary));
        double[] loss = gradient(new AdversarialLoss(normalised(), PLAIN, adversary, 0.5));
        double[] difference = new double[batch.length];
        Arrays.setAll(difference, i -> batch[i] - loss[i]);
        assertThat(largest(difference)).isGreaterThan(0.01 * largest(loss));
        // Where batch normalisation sees the same in both, running statistics in use, they agree again.
        NetworkClassifier one = normalised();
        NetworkClassifier other = normalised();
        one.module().train(false);
        other.module().train(false);
        assertClose(
                gradient(new AdversarialBatch(one, PLAIN, adversary)),
                gradient(new AdversarialLoss(other, PLAIN, adversary, 0.5)));
    }

    @Test
    void atAlphaOneItIsStandardTrainingAndAttacksNothing() {
        Cost cost = new Cost();
        AdversarialLoss objective = new AdversarialLoss(plain(), PLAIN, new Adversary(Pgd.ofSteps(4), THREAT), 1);
        assertThat(gradient(objective, cost)).containsExactly(gradient(new StandardTraining(plain(), PLAIN)));
        assertThat(cost.forwardPasses()).isEqualTo(12);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
    void refusesAnAlphaThatIsNone(double alpha) {
        NetworkClassifier classifier = plain();
        Adversary adversary = new Adversary(new Fgsm(), THREAT);
        assertThatThrownBy(() -> new AdversarialLoss(classifier, PLAIN, adversary, alpha))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("alpha " + alpha + ": expected a number from 0 to 1");
    }
}
