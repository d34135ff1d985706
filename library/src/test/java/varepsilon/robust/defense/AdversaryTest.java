package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AutoAttack;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.MiFgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.RandomStartFgsm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.tensor.Tensor;

class AdversaryTest extends DefenseTest {
    private static final ThreatModel THREAT = ThreatModel.of(Norm.LINF, 0.1);

    static Stream<Attack> attacks() {
        return Stream.of(
                new Fgsm(),
                new RandomStartFgsm(),
                Pgd.ofSteps(3),
                Pgd.ofSteps(2).withRestarts(2),
                MiFgsm.ofSteps(3),
                new UniformNoise());
    }

    private Tensor perturbed(Adversary adversary, NetworkClassifier classifier, double epoch) {
        return adversary.perturbed(classifier, pixels, labels, epoch, rng(), new Cost());
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void inEvaluationModeNothingOfTheClassifierMoves(Attack attack) {
        NetworkClassifier classifier = normalised();
        double[] before = Toys.state(classifier);
        perturbed(new Adversary(attack, THREAT), classifier, 1);
        assertThat(Toys.state(classifier)).containsExactly(before);
        assertThat(classifier.module().isTraining()).isTrue();
    }

    @Test
    void inTrainingModeEachPassMovesTheRunningStatistics() {
        NetworkClassifier classifier = normalised();
        double[] parameters = classifier.module().parameters().get("0.weight").toDoubles();
        Tensor mean = classifier.module().state().get("1.running_mean");
        double[] before = mean.toDoubles();
        Adversary adversary = new Adversary(Pgd.ofSteps(3), THREAT).withMode(Adversary.Mode.TRAINING);
        Tensor training = perturbed(adversary, classifier, 1);
        assertThat(mean.toDoubles()).doesNotContain(before);
        assertThat(classifier.module().state().get("1.num_batches_tracked").item())
                .isEqualTo(3);
        assertThat(classifier.module().parameters().get("0.weight").toDoubles()).containsExactly(parameters);
        // Statistics of the batch make another network than the running ones.
        Tensor evaluation = perturbed(new Adversary(Pgd.ofSteps(3), THREAT), normalised(), 1);
        assertThat(training.sub(evaluation).abs().sum().item()).isGreaterThan(0.1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void modesAreRestoredWhenAnAttackFails(boolean training) {
        NetworkClassifier classifier = normalised();
        classifier.module().train(training);
        Attack failing = new Attack() {
            @Override
            public String name() {
                return "failing";
            }

            @Override
            public Tensor perturb(Problem problem, Draws draws) {
                assertThat(classifier.module().isTraining()).isFalse();
                throw new IllegalStateException("no");
            }
        };
        assertThatThrownBy(() -> perturbed(new Adversary(failing, THREAT), classifier, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no");
        assertThat(classifier.module().isTraining()).isEqualTo(training);
    }

    @Test
    void attacksForEvaluationAreNoneForTraining() {
        assertThatThrownBy(() -> new Adversary(new AutoAttack(), THREAT))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("attack autoattack: expected one attack, such as pgd or apgd; one with stages");
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 0.025", "2.5, 0.0625", "4, 0.1", "7, 0.1"})
    void epsilonGrowsLinearlyOverTheWarmUp(double epoch, double epsilon) {
        Adversary adversary = new Adversary(new Fgsm(), THREAT).withWarmUp(4);
        assertThat(adversary.threatAt(epoch).epsilon()).isCloseTo(epsilon, within(1e-15));
        assertThat(adversary.threatAt(epoch).norm()).isEqualTo(Norm.LINF);
        // Grey pixels, so that the box takes nothing away.
        pixels = pixels.mul(0).add(0.5);
        double largest = perturbed(adversary, plain(), epoch)
                .sub(0.5)
                .abs()
                .amax(0, 1, 2, 3)
                .item();
        assertThat(largest).isCloseTo(epsilon, within(1e-7));
    }

    @Test
    void withoutAWarmUpItIsAtFullStrengthFromTheStart() {
        assertThat(new Adversary(new Fgsm(), THREAT).threatAt(0)).isEqualTo(THREAT);
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void withAnEpsilonOfZeroImagesStayAsTheyAre(Attack attack) {
        for (Norm norm : new Norm[] {Norm.LINF, Norm.L2, Norm.L1}) {
            Adversary adversary = new Adversary(attack, ThreatModel.of(norm, 0.3)).withWarmUp(2);
            assertThat(perturbed(adversary, plain(), 0).toFloats())
                    .as("%s in %s", attack.name(), norm.label())
                    .containsExactly(pixels.toFloats());
        }
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void allImagesArePerturbedWithinTheThreatModelAlsoThoseThatAreWrongAlready(Attack attack) {
        for (Norm norm : new Norm[] {Norm.LINF, Norm.L2, Norm.L1}) {
            ThreatModel threat = ThreatModel.of(norm, 0.3);
            Tensor moved = perturbed(new Adversary(attack, threat), plain(), 1);
            assertThat(moved.requiresGrad()).isFalse();
            double[] sizes = norm.length(moved.sub(pixels)).toDoubles();
            assertThat(sizes).hasSize(12);
            for (double size : sizes) {
                assertThat(size).isBetween(0.001, 0.3 + 1e-6);
            }
            for (float value : moved.toFloats()) {
                assertThat(value).isBetween(0f, 1f);
            }
        }
    }

    @Test
    void onlyWhatAnAttackAsksForIsCounted() {
        Cost cost = new Cost();
        new Adversary(Pgd.ofSteps(3), THREAT).perturbed(plain(), pixels, labels, 1, rng(), cost);
        assertThat(cost.forwardPasses()).isEqualTo(3 * 12);
        assertThat(cost.backwardPasses()).isEqualTo(3 * 12);
        new Adversary(new UniformNoise(), THREAT).perturbed(plain(), pixels, labels, 1, rng(), cost);
        assertThat(cost.forwardPasses()).isEqualTo(3 * 12);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesAWarmUpThatIsNone(double epochs) {
        assertThatThrownBy(() -> new Adversary(new Fgsm(), THREAT).withWarmUp(epochs))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("epsilon warm-up of " + epochs);
    }
}
