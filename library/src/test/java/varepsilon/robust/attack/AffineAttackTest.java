package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.classify.Classifier;
import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * On affine models the best perturbation is known. Logits (W·x)ₖ = aₖ·⟨u, x⟩ + bₖ with a falling from class 0 on:
 * whatever the number of classes, loss and margin of class 0 rise as ⟨u, x⟩ falls, so that both are highest where ⟨−u,
 * δ⟩ is.
 */
class AffineAttackTest extends AttackFixture {
    private static final int N = 6;
    private static final int D = 48;
    private static final Threat GREY = new Threat(Norm.LINF, 0.03, false);

    private static List<Threat> threats() {
        return List.of(
                new Threat(Norm.LINF, 0.03, false),
                new Threat(Norm.LINF, 0.3, true),
                new Threat(Norm.LINF, 1.5, true),
                new Threat(Norm.L2, 0.2, false),
                new Threat(Norm.L2, 1.5, true),
                new Threat(Norm.L2, 100, true),
                new Threat(Norm.L1, 0.3, false),
                new Threat(Norm.L1, 3, true),
                new Threat(Norm.L1, 1000, true));
    }

    private static List<Arguments> settings() {
        List<Arguments> settings = new ArrayList<>();
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            for (int classes : new int[] {2, 3, 1000}) {
                // Where the images are grey, the small balls lie inside the box; at its corners, no ball does.
                for (Threat threat : threats()) {
                    settings.add(Arguments.of(dtype, classes, threat));
                }
            }
        }
        return settings;
    }

    /** A threat model, and whether the images have values at the ends of the box. */
    private record Threat(ThreatModel model, boolean corners) {
        Threat(Norm norm, double epsilon, boolean corners) {
            this(ThreatModel.of(norm, epsilon), corners);
        }

        /** Grey throughout, or with every third value at either end. */
        Tensor images(Rng rng, DType dtype) {
            Tensor grey = rng.uniform(DType.FLOAT64, N, 3, 4, 4).mul(0.2).add(0.4);
            double[] values = grey.toDoubles();
            for (int i = 0; corners && i < values.length; i++) {
                values[i] = i % 3 == 0 ? values[i] : i % 3 - 1;
            }
            return Tensor.of(values, N, 3, 4, 4).to(dtype);
        }
    }

    /** Never twice the same weight, of both signs, one of them zero. */
    private static double[] direction() {
        double[] u = new double[D];
        Arrays.setAll(u, i -> Math.sin(i) * (1 + i / 10.0) / 20);
        return u;
    }

    private Classifier parallel(int classes, DType dtype) {
        double[] u = direction();
        double[] weights = new double[classes * D];
        double[] bias = new double[classes];
        for (int k = 0; k < classes; k++) {
            double slope = -k / (classes - 1.0);
            bias[k] = k == 0 ? 0.5 : 0.1 * Math.cos(k);
            for (int j = 0; j < D; j++) {
                weights[k * D + j] = slope * u[j];
            }
        }
        return affine(
                Tensor.of(weights, classes, D).to(dtype),
                Tensor.of(bias, classes).to(dtype));
    }

    private static List<Attack> attacks(AttackLoss loss) {
        return List.of(
                new Fgsm(loss),
                Pgd.ofSteps(40)
                        .withStepSize(StepSize.relative(2))
                        .withRandomStart(false)
                        .withLoss(loss),
                Pgd.ofSteps(40).withStepSize(StepSize.relative(2)).withLoss(loss),
                Pgd.ofSteps(30)
                        .withStepSize(StepSize.relative(2))
                        .withRestarts(2)
                        .withLoss(loss),
                Pgd.ofSteps(40)
                        .withStepSize(StepSize.relative(2))
                        .withMomentum(0.5)
                        .withLoss(loss));
    }

    private static List<Attack> attacks(AttackLoss loss, Norm norm) {
        List<Attack> attacks = new ArrayList<>(attacks(loss));
        // In L1 its steps change so many pixels at once that it only comes close.
        if (norm != Norm.L1) {
            attacks.add(new Apgd().withLoss(loss));
            attacks.add(new Apgd().withSteps(60).withRestarts(2).withLoss(loss));
        }
        return attacks;
    }

    /** For all examples, as in training, so that none stops at the first wrong prediction. */
    @ParameterizedTest
    @MethodSource("settings")
    void attacksReachTheHighestLossAndMargin(DType dtype, int classes, Threat threat) {
        Classifier classifier = parallel(classes, dtype);
        Tensor images = threat.images(rng(3), dtype);
        Tensor labels = repeatedLabel(0, N);
        double[] falling = Arrays.stream(direction()).map(v -> -v).toArray();
        double[] optimum = new double[N];
        for (int i = 0; i < N; i++) {
            double[] low = Arrays.stream(row(images, i)).map(p -> -p).toArray();
            double[] high = Arrays.stream(row(images, i)).map(p -> 1 - p).toArray();
            optimum[i] = BallAndBox.dot(direction(), row(images, i))
                    - new BallAndBox(threat.model.norm(), threat.model.epsilon(), low, high).bound(falling);
        }
        for (AttackLoss loss : List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN)) {
            for (Attack attack : attacks(loss, threat.model.norm())) {
                Problem problem = Problem.ofTraining(classifier, images, labels, threat.model, new Cost());
                Tensor delta = attack.perturb(problem, Draws.shared(rng(4)));
                double[] values =
                        loss.of(classifier.logits(images.add(delta)), labels).toDoubles();
                for (int i = 0; i < N; i++) {
                    assertThat(values[i])
                            .as("%s, image %d, by %s", threat, i, attack)
                            .isCloseTo(lossAt(optimum[i], classes, loss), within(1e-5));
                }
            }
        }
    }

    /** The loss of class 0 where ⟨u, x⟩ is {@code projection}, from its definition. */
    private static double lossAt(double projection, int classes, AttackLoss loss) {
        double[] logits = new double[classes];
        for (int k = 0; k < classes; k++) {
            logits[k] = -k / (classes - 1.0) * projection + (k == 0 ? 0.5 : 0.1 * Math.cos(k));
        }
        if (loss == AttackLoss.MARGIN) {
            return Arrays.stream(logits, 1, classes).max().orElseThrow() - logits[0];
        }
        return Math.log(Arrays.stream(logits).map(Math::exp).sum()) - logits[0];
    }

    /** Three classes in general position: the highest margin is that of the better of two linear functions. */
    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void restartsFindTheBetterOfTwoClasses(String norm) {
        Tensor weights = rng(8).normal(DType.FLOAT64, 3, D);
        Tensor bias = Tensor.of(new double[] {2, 0.1, -0.1}, 3);
        ThreatModel threat = ThreatModel.of(Norm.named(norm), norm.equals("linf") ? 0.2 : norm.equals("l2") ? 1 : 4);
        Tensor images = rng(9).uniform(DType.FLOAT64, N, 3, 4, 4);
        Tensor labels = repeatedLabel(0, N);
        Classifier classifier = affine(weights, bias);
        Tensor delta = Pgd.ofSteps(60)
                .withStepSize(StepSize.relative(2))
                .withRestarts(12)
                .withLoss(AttackLoss.MARGIN)
                .perturb(Problem.ofTraining(classifier, images, labels, threat, new Cost()), Draws.shared(rng(10)));
        double[] margins = AttackLoss.MARGIN
                .of(classifier.logits(images.add(delta)), labels)
                .toDoubles();
        double[] rival1 = weights.narrow(0, 1, 1).sub(weights.narrow(0, 0, 1)).toDoubles();
        double[] rival2 = weights.narrow(0, 2, 1).sub(weights.narrow(0, 0, 1)).toDoubles();
        for (int i = 0; i < N; i++) {
            double[] x = row(images, i);
            BallAndBox set = new BallAndBox(
                    threat.norm(),
                    threat.epsilon(),
                    Arrays.stream(x).map(p -> -p).toArray(),
                    Arrays.stream(x).map(p -> 1 - p).toArray());
            double first = BallAndBox.dot(rival1, x) + 0.1 - 2 + set.bound(rival1);
            double second = BallAndBox.dot(rival2, x) - 0.1 - 2 + set.bound(rival2);
            assertThat(margins[i]).isCloseTo(Math.max(first, second), within(1e-5));
        }
    }

    private static List<Attack> all() {
        return List.of(
                new Fgsm(),
                new RandomStartFgsm(),
                Pgd.ofSteps(3),
                Pgd.ofSteps(3).withRandomStart(false),
                Pgd.ofSteps(3).withRestarts(2),
                Pgd.ofSteps(3).withMomentum(0.9),
                MiFgsm.ofSteps(3),
                new UniformNoise(),
                new SignNoise());
    }

    @ParameterizedTest
    @MethodSource("threats")
    void noPerturbationWithoutEpsilon(Threat threat) {
        Tensor images = threat.images(rng(3), DType.FLOAT32);
        ThreatModel nothing = threat.model.withEpsilon(0);
        for (Attack attack : all()) {
            Problem problem =
                    Problem.ofTraining(parallel(3, DType.FLOAT32), images, repeatedLabel(0, N), nothing, new Cost());
            assertThat(largest(attack.perturb(problem, Draws.shared(rng(4)))))
                    .as(attack.name())
                    .isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("threats")
    void everyAttackReturnsWhatIsAllowedAndMoves(Threat threat) {
        Tensor images = threat.images(rng(3), DType.FLOAT32);
        for (Attack attack : all()) {
            AttackResult result = AttackRun.untargeted(parallel(3, DType.FLOAT32), threat.model)
                    .of(attack, images, repeatedLabel(0, N), rng(4), new Cost());
            double[] adversarial = result.adversarial().toDoubles();
            assertThat(Arrays.stream(adversarial).min().orElseThrow()).isGreaterThanOrEqualTo(0);
            assertThat(Arrays.stream(adversarial).max().orElseThrow()).isLessThanOrEqualTo(1);
            Tensor difference = result.adversarial().to(DType.FLOAT64).sub(images.to(DType.FLOAT64));
            double[] sizes = threat.model.norm().length(difference).toDoubles();
            for (int i = 0; i < N; i++) {
                assertThat(sizes[i]).isLessThanOrEqualTo(threat.model.epsilon() + 1e-6);
                assertThat(result.size()[i]).isEqualTo(sizes[i]);
                assertThat(sizes[i]).as("%s moves", attack).isPositive();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void oneStepOfPgdMovesByItsStep(String norm) {
        Tensor images = GREY.images(rng(3), DType.FLOAT64);
        ThreatModel threat = ThreatModel.of(Norm.named(norm), 0.1);
        Pgd pgd = Pgd.ofSteps(1).withStepSize(StepSize.pixels(0.04)).withRandomStart(false);
        Problem problem =
                Problem.ofTraining(parallel(3, DType.FLOAT64), images, repeatedLabel(0, N), threat, new Cost());
        for (double length :
                threat.norm().length(pgd.perturb(problem, Draws.shared(rng(1)))).toDoubles()) {
            assertThat(length).isCloseTo(0.04, within(1e-12));
        }
    }

    /** A model that is sure gives gradients of 1e-20 and less: their size must not matter. */
    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void tinyGradientsPointAsFarAsLargeOnes(String norm) {
        Tensor images = GREY.images(rng(3), DType.FLOAT32);
        Tensor labels = repeatedLabel(0, N);
        ThreatModel threat = ThreatModel.of(Norm.named(norm), 0.1);
        Classifier plain = parallel(2, DType.FLOAT32);
        AttackLoss tiny = (logits, classes) -> Ops.crossEntropy(logits, classes).mul(1e-20);
        for (Attack attack : List.of(
                new Fgsm(), Pgd.ofSteps(5), MiFgsm.ofSteps(5), Pgd.ofSteps(5).withMomentum(1))) {
            Attack faint = attack instanceof Fgsm
                    ? new Fgsm(tiny)
                    : attack instanceof Pgd pgd ? pgd.withLoss(tiny) : new MiFgsm(5, 1, tiny);
            Tensor expected =
                    attack.perturb(Problem.ofTraining(plain, images, labels, threat, new Cost()), Draws.shared(rng(4)));
            Tensor found =
                    faint.perturb(Problem.ofTraining(plain, images, labels, threat, new Cost()), Draws.shared(rng(4)));
            assertThat(largest(found.sub(expected))).as("%s", attack).isLessThan(1e-6);
        }
    }

    @Test
    void withoutGradientNothingMoves() {
        Tensor images = GREY.images(rng(3), DType.FLOAT32);
        Classifier flat = affine(Tensor.zeros(DType.FLOAT32, 3, D), Tensor.of(new float[] {1, 0, 0}, 3));
        for (Norm norm : List.of(Norm.LINF, Norm.L2, Norm.L1)) {
            ThreatModel threat = ThreatModel.of(norm, 0.1);
            for (Attack attack : List.of(new Fgsm(), Pgd.ofSteps(3).withRandomStart(false), MiFgsm.ofSteps(3))) {
                Problem problem = Problem.ofTraining(flat, images, repeatedLabel(0, N), threat, new Cost());
                assertThat(largest(attack.perturb(problem, Draws.shared(rng(1)))))
                        .as(attack.name())
                        .isZero();
            }
        }
    }
}
