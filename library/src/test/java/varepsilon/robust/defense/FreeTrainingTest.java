package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static varepsilon.robust.defense.ClassifierObjective.Settings.PLAIN;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

class FreeTrainingTest extends DefenseTest {
    private static final int BATCH_SIZE = 12;

    private FreeTraining free(NetworkClassifier classifier, Norm norm, double epsilon, int replays) {
        return closing(
                new FreeTraining(classifier, PLAIN, ThreatModel.of(norm, epsilon), replays, BATCH_SIZE, 1, 4, 4));
    }

    /** One step as the trainer takes it, but for the parameters; returns the images that were trained on. */
    private Tensor step(FreeTraining objective, Tensor images, Tensor classes) {
        BatchResult result = objective.evaluate(images, classes, rng(), new Cost());
        BatchResult.Input input = result.input().orElseThrow();
        input.gradient().accept(Gradients.of(result.loss(), input.tensor()));
        return input.tensor().detach();
    }

    private static Tensor carried(FreeTraining objective) {
        return objective.memory().get("perturbation");
    }

    @Test
    void withEpsilonZeroAndOneReplayItIsStandardTraining() {
        NetworkClassifier one = plain();
        NetworkClassifier other = plain();
        for (Norm norm : new Norm[] {Norm.LINF, Norm.L2, Norm.L1}) {
            FreeTraining free = free(one, norm, 0, 1);
            assertThat(free.replays()).isEqualTo(1);
            for (int i = 0; i < 2; i++) {
                BatchResult result = free.evaluate(pixels, labels, rng(), new Cost());
                BatchResult standard =
                        closing(new StandardTraining(other, PLAIN)).evaluate(pixels, labels, rng(), new Cost());
                assertThat(result.loss().item()).isEqualTo(standard.loss().item());
                assertThat(Toys.gradient(one, free.evaluate(pixels, labels, rng(), new Cost())))
                        .containsExactly(Toys.gradient(other, standard));
                step(free, pixels, labels);
                assertThat(carried(free).toFloats()).as(norm.label()).containsOnly(0f);
            }
        }
    }

    @Test
    void eachStepMovesThePerturbationByEpsilonAndTheNextTrainsOnIt() {
        double epsilon = 0.06;
        NetworkClassifier classifier = plain();
        FreeTraining free = free(classifier, Norm.LINF, epsilon, 8);
        assertThat(step(free, pixels, labels).toFloats()).containsExactly(pixels.toFloats());
        // What one backward pass by itself says, and ε·sign of it.
        Tensor images = pixels.detach().requiresGrad(true);
        Tensor slope =
                Gradients.of(Ops.crossEntropy(classifier.logits(images), labels).mean(), images);
        Tensor expected =
                slope.sign().mul(epsilon).clamp(pixels.neg(), pixels.neg().add(1));
        assertThat(carried(free).sub(expected).abs().sum().item()).isZero();
        // Other images: the perturbation is carried on to them, as far as their box has room for it.
        Tensor others = rng().uniform(12, 1, 4, 4);
        Tensor trainedOn = step(free, others, labels);
        Tensor room = expected.clamp(others.neg(), others.neg().add(1));
        assertThat(trainedOn.toFloats()).containsExactly(others.add(room).toFloats());
    }

    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void thePerturbationStaysInBallAndBox(String name) {
        Norm norm = Norm.named(name);
        double epsilon = 0.3;
        FreeTraining free = free(plain(), norm, epsilon, 8);
        var rng = rng();
        for (int i = 0; i < 20; i++) {
            // Many pixels at the edges of the box.
            Tensor images = rng.uniform(12, 1, 4, 4).mul(1.6).sub(0.3).clamp(0, 1);
            Tensor trainedOn = step(free, images, labels);
            for (float value : trainedOn.toFloats()) {
                assertThat(value).isBetween(0f, 1f);
            }
            double[] sizes = norm.length(trainedOn.sub(images)).toDoubles();
            for (double size : sizes) {
                assertThat(size).isLessThanOrEqualTo(epsilon + 1e-6);
            }
            // In L1 the few pixels of a perturbation may all lie at the next image's edge of the box.
            assertThat(Arrays.stream(sizes).average().getAsDouble() > 0.1 * epsilon)
                    .as("trained on perturbed images, but for the first")
                    .isEqualTo(i > 0);
            for (double size : norm.length(carried(free)).toDoubles()) {
                assertThat(size).isLessThanOrEqualTo(epsilon + 1e-6);
            }
        }
    }

    @Test
    void aShortBatchUsesAndMovesTheFirstRowsOnly() {
        FreeTraining free = free(plain(), Norm.LINF, 0.1, 8);
        step(free, pixels, labels);
        float[] before = carried(free).toFloats();
        Tensor some = pixels.narrow(0, 7, 5);
        Tensor trainedOn = step(free, some, labels.narrow(0, 7, 5));
        Tensor first = Tensor.of(before, 12, 1, 4, 4).narrow(0, 0, 5);
        assertThat(trainedOn.toFloats())
                .containsExactly(
                        some.add(first.clamp(some.neg(), some.neg().add(1))).toFloats());
        float[] after = carried(free).toFloats();
        assertThat(Arrays.copyOfRange(after, 5 * 16, 12 * 16))
                .containsExactly(Arrays.copyOfRange(before, 5 * 16, 12 * 16));
        assertThat(Arrays.copyOf(after, 5 * 16)).isNotEqualTo(Arrays.copyOf(before, 5 * 16));
    }

    @Test
    void attackAndTrainingAreOnePassInOneMode() {
        NetworkClassifier classifier = normalised();
        Cost cost = new Cost();
        free(classifier, Norm.LINF, 0.1, 8).evaluate(pixels, labels, rng(), cost);
        assertThat(cost.forwardPasses()).isEqualTo(12);
        assertThat(cost.backwardPasses()).isEqualTo(12);
        assertThat(classifier.module().state().get("1.num_batches_tracked").item())
                .isEqualTo(1);
    }

    @Test
    void refusesWhatMakesNoSense() {
        NetworkClassifier classifier = plain();
        ThreatModel threat = ThreatModel.of(Norm.LINF, 0.1);
        assertThatThrownBy(() -> new FreeTraining(classifier, PLAIN, threat, 0, 12, 1, 4, 4))
                .isInstanceOf(InputException.class)
                .hasMessage("replays 0: expected at least 1");
        assertThatThrownBy(() -> new FreeTraining(classifier, PLAIN, threat, 8, 0, 1, 4, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("batches of 0 images of [1, 4, 4]");
        assertThatThrownBy(() -> new FreeTraining(classifier, PLAIN, threat, 8, 12, 4, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("images of [4, 4]");
    }
}
