package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.tensor.DType;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** What holds for every attack on scores or labels, and for those that take gradients elsewhere than at the image. */
class BlackBoxAndTransferContractTest extends AttackFixture {
    private static final int N = 5;
    private static final long[] COLOUR = {N, 3, 4, 4};
    private static final long[] FLAT = {N, 48};

    /** Attacks with few queries, and how many of those an image may take. */
    private record Budget(Attack attack, int queries) {
        @Override
        public String toString() {
            return Family.of(Attack.class).text(attack);
        }
    }

    private static List<Budget> budgets() {
        return List.of(
                new Budget(new Square(40, 1, 0.8), 40),
                new Budget(new Square(13, 3, 0.3), 39),
                new Budget(new Spsa(4, 11, 0.01, StepSize.pixels(0.02)), 4 * 23),
                new Budget(new HopSkipJump(230, 25), 230),
                new Budget(new RayS(90), 90),
                new Budget(new NiFgsm(3, 1, AttackLoss.MARGIN), 6),
                new Budget(new DiFgsm(3, 1, 0.7, 0.5, AttackLoss.MARGIN), 6),
                new Budget(new TiFgsm(3, 1, 3, 1, AttackLoss.MARGIN), 3),
                new Budget(Eot.of(Pgd.ofSteps(3), 4), 12));
    }

    private static Stream<Arguments> settings() {
        return budgets().stream()
                .flatMap(budget -> budget.attack.norms().stream()
                        .filter(norm -> norm != Norm.L0)
                        .flatMap(norm -> (takesImagesAlone(budget.attack) ? Stream.of(COLOUR) : Stream.of(COLOUR, FLAT))
                                .map(shape -> Arguments.of(budget, norm, shape))));
    }

    private static boolean takesImagesAlone(Attack attack) {
        return attack instanceof DiFgsm || attack instanceof TiFgsm;
    }

    private static double epsilon(Norm norm) {
        return norm == Norm.LINF ? 0.1 : norm == Norm.L2 ? 0.6 : 2;
    }

    /** Two classes, of which the first is right by a margin that some of the images lose within ε and others do not. */
    private Classifier model(DType dtype) {
        double[] u = rng(3).normal(DType.FLOAT64, 48).toDoubles();
        double[] weights = new double[2 * 48];
        for (int i = 0; i < 48; i++) {
            weights[i] = u[i] / 10;
            weights[48 + i] = -u[i] / 10;
        }
        double[] x = images(DType.FLOAT64, FLAT).mean(0).toDoubles();
        double middle = BallAndBox.dot(u, x) / 10;
        double[] bias = {-middle + 0.1, middle - 0.1};
        return affine(Tensor.of(weights, 2, 48).to(dtype), Tensor.of(bias, 2).to(dtype));
    }

    private Tensor images(DType dtype, long... shape) {
        return rng(5).uniform(DType.FLOAT64, shape).to(dtype);
    }

    private AttackResult run(Attack attack, ThreatModel threat, Classifier classifier, Tensor images, Cost cost) {
        int[] indices = new int[(int) images.size(0)];
        Arrays.setAll(indices, i -> i);
        return run(attack, threat, classifier, images, indices, cost);
    }

    private AttackResult run(
            Attack attack, ThreatModel threat, Classifier classifier, Tensor images, int[] indices, Cost cost) {
        Tensor labels = repeatedLabel(0, indices.length);
        Draws draws = closing(Draws.perImage(Seed.of(9), indices));
        return AttackRun.untargeted(classifier, threat).of(attack, images, labels, labels, draws, cost);
    }

    @ParameterizedTest
    @MethodSource("settings")
    void ballBoxTypeAndBudgetHold(Budget budget, Norm norm, long[] shape) {
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            Tensor images = images(dtype, shape);
            ThreatModel threat = ThreatModel.of(norm, epsilon(norm));
            Problem problem = Problem.ofTraining(model(dtype), images, repeatedLabel(0, N), threat, new Cost());
            Tensor delta = budget.attack.perturb(problem, Draws.shared(rng(1)));
            assertThat(delta.dtype()).isEqualTo(dtype);
            assertThat(delta.shape()).containsExactly(shape);
            assertThat(largest(images.add(delta).sub(0.5))).isLessThanOrEqualTo(0.5 + 1e-6);
            assertThat(largest(norm.length(delta))).isLessThanOrEqualTo(threat.epsilon() * (1 + 1e-5));

            Cost cost = new Cost();
            AttackResult result = run(budget.attack, threat, model(dtype), images, cost);
            int open = 0;
            for (int i = 0; i < N; i++) {
                open += result.correct()[i] ? 1 : 0;
            }
            assertThat(open).isPositive();
            // Once to begin with, and once to verify what came out.
            assertThat(cost.forwardPasses()).isLessThanOrEqualTo(N + (long) open * (budget.queries + 1));
            if (budget.attack.knowledge().isBlackBox()) {
                assertThat(cost.backwardPasses()).isZero();
            }
        }
    }

    /** A class that no small step reaches: no image leaves, and every query is used. */
    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void squareUsesEveryQueryWhereNothingIsFound(String norm) {
        Cost cost = new Cost();
        ThreatModel threat = ThreatModel.of(Norm.named(norm), 1e-5);
        Tensor images = Tensor.full(0.5, DType.FLOAT32, COLOUR);
        Tensor weights =
                Tensor.concat(0, List.of(Tensor.ones(DType.FLOAT32, 1, 48), Tensor.zeros(DType.FLOAT32, 1, 48)));
        run(new Square(300, 2, 0.8), threat, affine(weights, Tensor.zeros(DType.FLOAT32, 2)), images, cost);
        assertThat(cost.forwardPasses()).isEqualTo(N * (1 + 600 + 1));
    }

    @Test
    void diverseAndSmoothedGradientsNeedImages() {
        for (Attack attack : List.of(new DiFgsm(), new TiFgsm())) {
            assertThatThrownBy(() -> run(
                            attack,
                            ThreatModel.of(Norm.LINF, 0.1),
                            model(DType.FLOAT32),
                            images(DType.FLOAT32, FLAT),
                            new Cost()))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining(attack.name())
                    .hasMessageContaining("N×C×H×W");
        }
    }

    @ParameterizedTest
    @MethodSource("settings")
    void sameDrawsSameBits(Budget budget, Norm norm, long[] shape) {
        ThreatModel threat = ThreatModel.of(norm, epsilon(norm));
        Tensor images = images(DType.FLOAT32, shape);
        double[] first = run(budget.attack, threat, model(DType.FLOAT32), images, new Cost())
                .adversarial()
                .toDoubles();
        double[] again = run(budget.attack, threat, model(DType.FLOAT32), images, new Cost())
                .adversarial()
                .toDoubles();
        assertThat(again).isEqualTo(first);
    }

    /** Scores by sums over one image at a time: whatever the batch, the same numbers are added in the same order. */
    private static Classifier oneByOne(Classifier classifier) {
        return pixels -> {
            List<Tensor> rows = new ArrayList<>();
            for (int i = 0; i < pixels.size(0); i++) {
                rows.add(classifier.logits(pixels.narrow(0, i, 1)));
            }
            return Tensor.concat(0, rows);
        };
    }

    @ParameterizedTest
    @MethodSource("settings")
    void anImageIsAttackedAloneAsInABatch(Budget budget, Norm norm, long[] shape) {
        ThreatModel threat = ThreatModel.of(norm, epsilon(norm));
        Tensor images = images(DType.FLOAT64, shape);
        Classifier classifier = oneByOne(model(DType.FLOAT64));
        Tensor together =
                run(budget.attack, threat, classifier, images, new Cost()).adversarial();
        for (int i = 0; i < N; i++) {
            Tensor alone = run(budget.attack, threat, classifier, images.narrow(0, i, 1), new int[] {i}, new Cost())
                    .adversarial();
            assertThat(alone.toDoubles()).as("image %d", i).isEqualTo(row(together, i));
        }
    }

    @ParameterizedTest
    @MethodSource("settings")
    void withoutEpsilonNothingMoves(Budget budget, Norm norm, long[] shape) {
        Tensor images = images(DType.FLOAT32, shape);
        Problem problem = Problem.ofTraining(
                model(DType.FLOAT32), images, repeatedLabel(0, N), ThreatModel.of(norm, 0), new Cost());
        assertThat(largest(budget.attack.perturb(problem, Draws.shared(rng(1)))))
                .isZero();
    }
}
