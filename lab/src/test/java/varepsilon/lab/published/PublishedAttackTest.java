package varepsilon.lab.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.classify.Architecture;
import varepsilon.classify.Classifier;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.lab.ScopedTest;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.nn.Init;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.StepSize;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/** The published attacks, against the library's where nothing is wrong, and by hand where something is. */
class PublishedAttackTest extends ScopedTest {
    private static final String CLAMP = Defect.CLAMP_NORMALISED.label();
    private static final String LOGITS = Defect.LOGIT_LOSS.label();
    private static final String UNITS = Defect.NORMALISED_UNITS.label();
    private static final int IMAGES = 6;
    private static final int SIDE = 8;
    private static final int CHANNELS = 3;
    private static final int PLANE = SIDE * SIDE;
    private static final Normalisation CIFAR10 = Normalisation.CIFAR10;
    /** A length that, like the pixels here, is a whole number of 256ths: sums of them are exact. */
    private static final double EPS = 8 / 256.0;

    private Rng rng;
    private NetworkClassifier network;
    private Tensor pixels;
    private Tensor labels;

    @BeforeEach
    void makeNetworkAndImages() {
        rng = rng(3);
        network = closing(new Architecture("small-cnn", 10, SIDE, CIFAR10).create(Init.on(Device.CPU, rng)));
        Random random = new Random(5);
        float[] values = new float[IMAGES * CHANNELS * PLANE];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(257) / 256f;
        }
        pixels = Tensor.of(values, IMAGES, CHANNELS, SIDE, SIDE);
        labels = Tensor.of(new long[] {0, 1, 2, 3, 4, 5}, IMAGES);
    }

    private static AttackSpec fgsm(double eps) {
        return AttackSpec.of("fgsm", "linf", eps);
    }

    private static AttackSpec pgd(double eps, int steps, double step) {
        return AttackSpec.linf(
                new Pgd(
                        steps,
                        step > 0 ? StepSize.pixels(step) : StepSize.falling(2),
                        1,
                        false,
                        0,
                        AttackLoss.CROSS_ENTROPY),
                eps);
    }

    private Problem problem(Classifier classifier, Tensor images, double eps) {
        return Problem.ofTraining(classifier, images, labels, fgsm(eps).threatModel(), new Cost());
    }

    private Tensor perturbed(Attack attack, Tensor images) {
        return images.add(attack.perturb(problem(network, images, EPS), Draws.shared(rng)));
    }

    private Tensor grey() {
        return pixels.zerosLike().add(0.5);
    }

    /** Signs of the slope of the cross-entropy at perturbed images. */
    private float[] signs(Tensor images, Tensor delta) {
        return problem(network, images, EPS)
                .slope(delta, AttackLoss.CROSS_ENTROPY)
                .gradient()
                .sign()
                .toFloats();
    }

    /** The colour channel of the i-th of all values. */
    private static int channel(int i) {
        return i / PLANE % CHANNELS;
    }

    @Test
    void withoutDefectsItIsTheLibrarysFgsm() {
        Attack published = PublishedAttack.of(fgsm(EPS), List.of(), CIFAR10);

        float[] found = perturbed(published, pixels).toFloats();

        assertThat(found).containsExactly(perturbed(new Fgsm(), pixels).toFloats());
        assertThat(found).isNotEqualTo(pixels.toFloats());
        assertThat(published.name()).isEqualTo("published-fgsm");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    void withoutDefectsItIsTheLibrarysPgdFromTheImageItself(int steps) {
        double step = 3 / 256.0;
        Pgd expected = new Pgd(steps, StepSize.pixels(step), 1, false, 0, AttackLoss.CROSS_ENTROPY);
        Attack published = PublishedAttack.of(pgd(EPS, steps, step), List.of(), CIFAR10);

        assertThat(perturbed(published, pixels).toFloats())
                .containsExactly(perturbed(expected, pixels).toFloats());
    }

    @Test
    void inNormalisedUnitsEachChannelMovesByItsOwnLength() {
        double eps = 0.1;
        Tensor images = grey();
        float[] signs = signs(images, images.zerosLike());

        float[] delta = PublishedAttack.of(fgsm(eps), List.of(UNITS), CIFAR10)
                .perturb(problem(network, images, eps), Draws.shared(rng))
                .toFloats();

        assertThat(signs).contains(1f, -1f);
        for (int i = 0; i < delta.length; i++) {
            assertThat((double) delta[i])
                    .isCloseTo(signs[i] * eps * CIFAR10.std().get(channel(i)), within(1e-7));
        }
    }

    @Test
    void theClampAfterNormalisationLeavesMeanToMeanPlusStd() {
        double eps = 0.1;
        float[] signs = signs(pixels, pixels.zerosLike());
        float[] before = pixels.toFloats();

        Tensor delta = PublishedAttack.of(fgsm(eps), List.of(CLAMP, UNITS), CIFAR10)
                .perturb(problem(network, pixels, eps), Draws.shared(rng));

        float[] found = pixels.add(delta).toFloats();
        for (int i = 0; i < found.length; i++) {
            double mean = CIFAR10.mean().get(channel(i));
            double std = CIFAR10.std().get(channel(i));
            double normalised = (before[i] - mean) / std + eps * signs[i];
            double clamped = Math.max(0, Math.min(1, normalised));
            assertThat((double) found[i]).isCloseTo(mean + std * clamped, within(3e-7));
        }
    }

    @Test
    void theClampAloneByHand() {
        Normalisation normalisation = new Normalisation(List.of(0.5, 0.25), List.of(0.25, 0.5));
        Tensor images = Tensor.of(new float[] {0, 0.5f, 0.625f, 1, 0, 0.25f, 0.625f, 1}, 1, 2, 2, 2);

        assertThat(PublishedAttack.clampedOnly(images, normalisation).toFloats())
                .containsExactly(0.5f, 0.5f, 0.625f, 0.75f, 0.25f, 0.25f, 0.625f, 0.75f);
    }

    /** Of a linear model, the slope of −logit is −W_y; that of the cross-entropy is Σ p_k W_k − W_y. */
    @Test
    void minusTheLogitRisesAgainstItsOwnWeightsAlone() {
        Tensor weights = Tensor.of(new float[] {1, 3, 2, -2, -1, 2}, 3, 2);
        Classifier linear = x -> x.flatten(1).matmul(weights.transpose(0, 1));
        Tensor image = Tensor.of(new float[] {0.875f, 0.125f}, 1, 2, 1, 1);
        Problem problem = Problem.ofTraining(
                linear, image, Tensor.of(new long[] {0}, 1), fgsm(EPS).threatModel(), new Cost());
        Normalisation none = Normalisation.none(2);
        float eps = (float) EPS;

        // W_0 = (1, 3).
        assertThat(PublishedAttack.of(fgsm(EPS), List.of(LOGITS), none)
                        .perturb(problem, Draws.shared(rng))
                        .toFloats())
                .containsExactly(-eps, -eps);
        // Logits 1.25, 1.5 and −0.625: p = 0.41, 0.53 and 0.06, so that Σ p_k W_k = (1.40, 0.30).
        assertThat(PublishedAttack.of(fgsm(EPS), List.of(), none)
                        .perturb(problem, Draws.shared(rng))
                        .toFloats())
                .containsExactly(eps, -eps);
    }

    @Test
    void stepsMuchLongerThanEpsilonLeadFromCornerToCorner() {
        Tensor images = grey();
        float[] first = signs(images, images.zerosLike());
        Tensor corner = Tensor.of(first, images.shape()).mul(EPS);
        float[] second = signs(images, corner);
        float[] expected = new float[first.length];
        for (int i = 0; i < expected.length; i++) {
            // A step of 200 ε ends in the corner that it points at; only a slope of exactly 0 leaves where it was.
            expected[i] = (float) EPS * (second[i] == 0 ? first[i] : second[i]);
        }

        float[] found = PublishedAttack.of(pgd(EPS, 2, 200 * EPS), List.of(), CIFAR10)
                .perturb(problem(network, images, EPS), Draws.shared(rng))
                .toFloats();

        assertThat(found).containsExactly(expected);
        assertThat(Arrays.equals(first, second)).as("the second step turns").isFalse();
        assertThat(found).contains((float) EPS, (float) -EPS);
    }

    @Test
    void inNormalisedUnitsStepsAreScaledToo() {
        double eps = 0.2;
        double step = 0.05;
        Tensor images = grey();
        float[] signs = signs(images, images.zerosLike());

        float[] delta = PublishedAttack.of(pgd(eps, 1, step), List.of(UNITS), CIFAR10)
                .perturb(problem(network, images, eps), Draws.shared(rng))
                .toFloats();

        for (int i = 0; i < delta.length; i++) {
            assertThat((double) delta[i])
                    .isCloseTo(signs[i] * step * CIFAR10.std().get(channel(i)), within(1e-7));
        }
    }

    @Test
    void whatWasNotPublishedIsRefused() {
        assertThatThrownBy(() -> PublishedAttack.of(AttackSpec.of("mi-fgsm", "linf", 0.1), List.of(CLAMP), CIFAR10))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("mi-fgsm")
                .hasMessageContaining("expected fgsm or pgd, in linf");
        assertThatThrownBy(() -> PublishedAttack.of(AttackSpec.of("fgsm", "l2", 0.1), List.of(), CIFAR10))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("fgsm l2 0.1");
    }

    @Test
    void defectsOfTheAttackAreToldFromThoseOfTheTraining() {
        assertThat(PublishedAttack.isMeantBy(List.of(CLAMP))).isTrue();
        assertThat(PublishedAttack.isMeantBy(List.of(LOGITS))).isTrue();
        assertThat(PublishedAttack.isMeantBy(List.of(UNITS))).isTrue();
        assertThat(PublishedAttack.isMeantBy(List.of(Defect.TRAIN_ON_CLEAN.label())))
                .isFalse();
        assertThat(PublishedAttack.isMeantBy(List.of())).isFalse();
    }
}
