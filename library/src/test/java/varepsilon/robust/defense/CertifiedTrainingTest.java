package varepsilon.robust.defense;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static varepsilon.robust.defense.ClassifierObjective.Settings.PLAIN;

import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.ImageShape;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

class CertifiedTrainingTest extends DefenseTest {
    private static final ImageShape SHAPE = new ImageShape(1, 4, 4);

    private CertifiedTraining training(NetworkClassifier classifier, double epsilon, double clean, boolean linear) {
        Adversary adversary = new Adversary(Pgd.ofSteps(1), ThreatModel.of(Norm.LINF, epsilon));
        return closing(new CertifiedTraining(classifier, PLAIN, adversary, SHAPE, clean, linear));
    }

    private double loss(CertifiedTraining training) {
        return training.evaluate(pixels, labels, rng(), new Cost()).loss().item();
    }

    /** But for what bounds are moved outwards by, for rounding: 2.4e-6 of the sums that a value is made of, a layer. */
    @Test
    void withEpsilonZeroItIsStandardTraining() {
        NetworkClassifier one = plain();
        BatchResult certified = training(one, 0, 0, false).evaluate(pixels, labels, rng(), new Cost());
        BatchResult standard = closing(new StandardTraining(one, PLAIN)).evaluate(pixels, labels, rng(), new Cost());
        assertThat(certified.loss().item()).isCloseTo(standard.loss().item(), within(1e-4));
        double[] found = Toys.gradient(one, certified);
        double[] expected = Toys.gradient(one, standard);
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).isCloseTo(expected[i], within(1e-3));
        }
    }

    @Test
    void theLossBoundsThatOfEveryAllowedImage() {
        NetworkClassifier classifier = plain();
        for (boolean linear : new boolean[] {false, true}) {
            double worst = loss(training(classifier, 0.1, 0, linear));
            for (int i = 0; i < 50; i++) {
                Tensor other = pixels.add(
                                rng(i).uniform(pixels.shape()).sub(0.5).mul(0.2))
                        .clamp(0, 1);
                double found = closing(new StandardTraining(classifier, PLAIN))
                        .evaluate(other, labels, rng(), new Cost())
                        .loss()
                        .item();
                assertThat(found).isLessThanOrEqualTo(worst);
            }
            assertThat(worst).isGreaterThan(loss(training(classifier, 0.05, 0, linear)));
        }
    }

    @Test
    void gradientsAreThoseOfTheLoss() {
        NetworkClassifier classifier = plain();
        CertifiedTraining training = training(classifier, 0.1, 0.3, false);
        Tensor weight = classifier.module().parameters().values().iterator().next();
        Tensor gradient = Gradients.of(
                        training.evaluate(pixels, labels, rng(), new Cost()).loss(), List.of(weight))
                .get(0);
        double step = 1e-2;
        double expected = gradient.square().sum().item();
        // Along its gradient the loss changes by the gradient's square.
        Tensor before = weight.detach().copy();
        double[] losses = new double[2];
        for (int i = 0; i < 2; i++) {
            try (var scope = Scope.withoutGradients()) {
                weight.copyInPlace(before.add(gradient.mul(i == 0 ? -step : step)));
            }
            losses[i] = loss(training);
        }
        try (var scope = Scope.withoutGradients()) {
            weight.copyInPlace(before);
        }
        assertThat((losses[1] - losses[0]) / (2 * step)).isCloseTo(expected, within(0.02 * expected));
    }

    @Test
    void validationCountsWhatIsCertifiedAtFullEpsilon() {
        NetworkClassifier classifier = plain();
        for (double epsilon : new double[] {0, 0.9}) {
            BatchResult validated = training(classifier, epsilon, 0, false).validate(batch, rng());
            double certified = validated
                    .perExample()
                    .get("certified_accuracy")
                    .to(DType.FLOAT64)
                    .mean()
                    .item();
            double accuracy = validated
                    .perExample()
                    .get("accuracy")
                    .to(DType.FLOAT64)
                    .mean()
                    .item();
            assertThat(certified).isEqualTo(epsilon == 0 ? accuracy : 0);
        }
    }

    @Test
    void whatItCannotTrainIsRefused() {
        assertThatThrownBy(() -> training(normalised(), 0.1, 0, false))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("batch normalisation");
        Adversary l2 = new Adversary(Pgd.ofSteps(1), ThreatModel.of(Norm.L2, 1));
        assertThatThrownBy(() -> new CertifiedTraining(plain(), PLAIN, l2, SHAPE, 0, false))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("linf");
    }
}
