package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.tensor.DType;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** How near attacks on scores or labels come to the optimum of models on which it is known. */
class BlackBoxAttackTest extends AttackFixture {
    private static final int N = 5;
    private static final long[] COLOUR = {N, 3, 4, 4};

    private static double epsilon(Norm norm) {
        return norm == Norm.LINF ? 0.1 : norm == Norm.L2 ? 0.6 : 2;
    }

    private Tensor images(DType dtype, long... shape) {
        return rng(5).uniform(DType.FLOAT64, shape).to(dtype);
    }

    /** Norms, shapes, queries. */
    private static Stream<Arguments> affineModels() {
        long[] flat = {2, 48};
        long[] wide = {2, 3, 6, 10};
        return Stream.of(
                Arguments.of(Norm.LINF, flat, 600),
                Arguments.of(Norm.LINF, wide, 1500),
                Arguments.of(Norm.L2, flat, 3000),
                Arguments.of(Norm.L1, flat, 2000),
                Arguments.of(Norm.L1, wide, 2000));
    }

    /** One wave across the image in L1, whose windows of at least 3×3 pixels do not follow noise. */
    private double[] slope(Norm norm, long[] shape) {
        int d = (int) Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
        double[] u = rng(3).normal(DType.FLOAT64, d).toDoubles();
        if (norm != Norm.LINF && shape.length == 4) {
            int columns = (int) shape[3];
            Arrays.setAll(u, i -> Math.sin(2 * Math.PI * (i % columns + 0.5) / columns));
        }
        return u;
    }

    /** Of what the best perturbation of an affine model takes from the margin, Square takes 85 %. */
    @ParameterizedTest
    @MethodSource("affineModels")
    void squareTakesMostOfWhatCanBeTaken(Norm norm, long[] shape, int queries) {
        double[] u = slope(norm, shape);
        Tensor weights = Tensor.of(u, 1, u.length);
        Classifier classifier =
                affine(Tensor.concat(0, List.of(weights, weights.neg())), Tensor.zeros(DType.FLOAT64, 2));
        Tensor images = images(DType.FLOAT64, shape);
        ThreatModel threat = ThreatModel.of(norm, epsilon(norm));
        Problem problem = Problem.ofTraining(classifier, images, repeatedLabel(0, 2), threat, new Cost());
        Tensor delta = new Square(queries, 1, 0.8).perturb(problem, Draws.shared(rng(1)));
        for (int i = 0; i < 2; i++) {
            double[] low = Arrays.stream(row(images, i)).map(p -> -p).toArray();
            double[] high = Arrays.stream(row(images, i)).map(p -> 1 - p).toArray();
            double best = new BallAndBox(norm, threat.epsilon(), low, high)
                    .bound(Arrays.stream(u).map(v -> -v).toArray());
            double taken = -BallAndBox.dot(u, row(delta, i));
            assertThat(taken / best).isBetween(0.85, 1 + 1e-9);
        }
    }

    /** A model of two classes whose boundary is at this distance from every image, inside the box. */
    private static Classifier atDistance(Norm norm, double distance, double[] u, Tensor images) {
        double length = 0;
        for (double value : u) {
            length += norm == Norm.L2 ? value * value : Math.abs(value);
        }
        double dual = norm == Norm.L2 ? Math.sqrt(length) : length;
        Tensor weights = Tensor.of(u, u.length).div(dual);
        Tensor offsets = images.flatten(1).matmul(weights).sub(distance);
        return new Classifier() {
            @Override
            public Tensor logits(Tensor pixels) {
                // One offset for all, that of the first image: the images are equal.
                Tensor rise = pixels.flatten(1).matmul(weights).sub(offsets.narrow(0, 0, 1));
                return Tensor.stack(1, List.of(rise, rise.zerosLike()));
            }
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"l2", "linf"})
    void hopSkipJumpComesNearTheSmallestPerturbation(String name) {
        Norm norm = Norm.named(name);
        double distance = norm == Norm.L2 ? 0.3 : 0.04;
        Tensor images = rng(5).uniform(DType.FLOAT64, 1, 48).mul(0.2).add(0.4).expand(3, 48);
        Classifier classifier =
                atDistance(norm, distance, rng(3).normal(DType.FLOAT64, 48).toDoubles(), images);
        Cost cost = new Cost();
        Problem problem = Problem.ofEvaluation(
                classifier, images, repeatedLabel(0, 3), Criterion.untargeted(), ThreatModel.of(norm, 1), cost);
        Draws draws = closing(Draws.perImage(Seed.of(1), new int[] {0, 1, 2}));
        MinimumAttack.Smallest smallest = new HopSkipJump().minimise(problem, 0, draws);
        assertThat(cost.forwardPasses()).isBetween(3 * 9_000L, 3 * 10_000L);
        assertThat(smallest.found().to(DType.UINT8).toBytes()).containsOnly(1);
        assertThat(problem.isMet(smallest.delta()).to(DType.UINT8).toBytes()).containsOnly(1);
        for (double length : norm.length(smallest.delta()).toDoubles()) {
            assertThat(length / distance).isBetween(1 - 1e-9, 1.05);
        }
    }

    /** Where all values count, the best signs are found one after the other, up to a thousandth of the amount. */
    @Test
    void raysFindsTheSmallestPerturbation() {
        Tensor images = rng(5).uniform(DType.FLOAT64, 1, 48).mul(0.2).add(0.4).expand(2, 48);
        Classifier classifier =
                atDistance(Norm.LINF, 0.04, rng(3).normal(DType.FLOAT64, 48).toDoubles(), images);
        Cost cost = new Cost();
        Problem problem = Problem.ofEvaluation(
                classifier, images, repeatedLabel(0, 2), Criterion.untargeted(), ThreatModel.of(Norm.LINF, 1), cost);
        MinimumAttack.Smallest smallest = new RayS().minimise(problem, 0, Draws.shared(rng(1)));
        assertThat(cost.forwardPasses()).isLessThan(2 * 2000);
        assertThat(problem.isMet(smallest.delta()).to(DType.UINT8).toBytes()).containsOnly(1);
        for (double length : Norm.LINF.length(smallest.delta()).toDoubles()) {
            assertThat(length / 0.04).isBetween(1 - 1e-9, 1.01);
        }
        assertThat(Norm.LINF
                        .length(new RayS()
                                .minimise(problem, 0.1, Draws.shared(rng(1)))
                                .delta())
                        .toDoubles())
                .satisfies(lengths ->
                        assertThat(Arrays.stream(lengths).max().orElseThrow()).isBetween(0.0401, 0.1));
    }

    @Test
    void hopSkipJumpEndsWhereThePerturbationIsSmallEnough() {
        Tensor images = rng(5).uniform(DType.FLOAT64, 1, 48).mul(0.2).add(0.4);
        Classifier classifier =
                atDistance(Norm.L2, 0.3, rng(3).normal(DType.FLOAT64, 48).toDoubles(), images);
        Cost cost = new Cost();
        Problem problem = Problem.ofEvaluation(
                classifier, images, labels(0), Criterion.untargeted(), ThreatModel.of(Norm.L2, 1), cost);
        MinimumAttack.Smallest smallest = new HopSkipJump().minimise(problem, 0.6, Draws.shared(rng(1)));
        assertThat(Norm.L2.length(smallest.delta()).item()).isLessThanOrEqualTo(0.6);
        assertThat(cost.forwardPasses()).isLessThan(3_000);
    }

    /** Nothing meets the criterion: the attack says so, and ends. */
    @Test
    void hopSkipJumpSaysWhereThereIsNothing() {
        Classifier constant = affine(Tensor.zeros(DType.FLOAT32, 2, 48), Tensor.of(new float[] {1, 0}, 2));
        Problem problem = Problem.ofEvaluation(
                constant,
                images(DType.FLOAT32, COLOUR),
                repeatedLabel(0, N),
                Criterion.untargeted(),
                ThreatModel.of(Norm.L2, 1),
                new Cost());
        MinimumAttack.Smallest smallest = new HopSkipJump().minimise(problem, 0, Draws.shared(rng(1)));
        assertThat(smallest.found().to(DType.UINT8).toBytes()).containsOnly(0);
        assertThat(largest(smallest.delta())).isZero();
    }

    /** Steps of Adam do not point along the gradient, which costs some of the optimum in L2. */
    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2"})
    void spsaReachesTheOptimumOfAnAffineModel(String name) {
        Norm norm = Norm.named(name);
        double[] u = rng(3).normal(DType.FLOAT64, 48).toDoubles();
        Tensor weights = Tensor.of(u, 1, 48);
        Classifier classifier =
                affine(Tensor.concat(0, List.of(weights, weights.neg())), Tensor.zeros(DType.FLOAT64, 2));
        Tensor images = Tensor.full(0.5, DType.FLOAT64, 2, 48);
        ThreatModel threat = ThreatModel.of(norm, norm == Norm.L2 ? 0.4 : 0.1);
        Problem problem = Problem.ofTraining(classifier, images, repeatedLabel(0, 2), threat, new Cost());
        Tensor delta = new Spsa().perturb(problem, Draws.shared(rng(1)));
        double best = threat.epsilon()
                * (norm == Norm.L2
                        ? Norm.L2.length(weights).item()
                        : Norm.L1.length(weights).item());
        for (int i = 0; i < 2; i++) {
            assertThat(-BallAndBox.dot(u, row(delta, i)) / best).isBetween(norm == Norm.L2 ? 0.9 : 0.98, 1 + 1e-9);
        }
    }

    /** Plain Java functions: scores of a linear model, and the class of the larger one. */
    private static float[][] scores(float[][] images) {
        float[][] scores = new float[images.length][2];
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < images[i].length; j++) {
                scores[i][j % 2] += images[i][j];
            }
        }
        return scores;
    }

    private static int[] classes(float[][] images) {
        return Arrays.stream(scores(images)).mapToInt(s -> s[1] > s[0] ? 1 : 0).toArray();
    }

    /** Values at even places count for class 0, by 0.02 each: the smallest change in L∞ is 0.01. */
    private static Tensor evenBrighter() {
        double[] values = new double[N * 48];
        Arrays.setAll(values, i -> i % 2 == 0 ? 0.52 : 0.5);
        return Tensor.of(values, COLOUR).to(DType.FLOAT32);
    }

    @Test
    void scoresOfPlainJavaAreAttacked() {
        AttackRun run =
                AttackRun.untargeted(Classifier.ofScores(BlackBoxAttackTest::scores), ThreatModel.of(Norm.LINF, 0.012));
        AttackResult result = run.of(new Square(1000, 1, 0.8), evenBrighter(), repeatedLabel(0, N), rng(1), new Cost());
        assertThat(result.correct()).containsOnly(true);
        assertThat(result.met()).containsOnly(true);
        AttackRun less = AttackRun.untargeted(run.classifier(), ThreatModel.of(Norm.LINF, 0.009));
        assertThat(less.of(new Square(300, 1, 0.8), evenBrighter(), repeatedLabel(0, N), rng(1), new Cost())
                        .met())
                .containsOnly(false);
    }

    @Test
    void labelsOfPlainJavaAreAttacked() {
        AttackRun run = AttackRun.untargeted(
                Classifier.ofLabels(2, BlackBoxAttackTest::classes), ThreatModel.of(Norm.LINF, 0.012));
        AttackResult result =
                run.of(new HopSkipJump(6000, 100), evenBrighter(), repeatedLabel(0, N), rng(1), new Cost());
        assertThat(result.correct()).containsOnly(true);
        assertThat(result.met()).containsOnly(true);
    }

    @Test
    void anAttackThatNeedsGradientsNamesThoseThatDoNot() {
        AttackRun run =
                AttackRun.untargeted(Classifier.ofScores(BlackBoxAttackTest::scores), ThreatModel.of(Norm.LINF, 0.012));
        for (Attack attack : List.of(new Fgsm(), new Pgd(), new NiFgsm())) {
            assertThatThrownBy(() -> run.of(attack, evenBrighter(), repeatedLabel(0, N), rng(1), new Cost()))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("not differentiable")
                    .hasMessageContaining("square, spsa, hop-skip-jump, rays");
        }
    }

    @Test
    void wrongScoresAndLabelsAreRefused() {
        Tensor images = evenBrighter();
        assertThatThrownBy(() -> Classifier.ofLabels(1, BlackBoxAttackTest::classes))
                .isInstanceOf(InputException.class)
                .hasMessage("classes 1: expected at least 2");
        assertThatThrownBy(() ->
                        Classifier.ofLabels(3, all -> new int[] {0, 1, 2, 3, 0}).logits(images))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("class 3; it has the classes 0 to 2");
        assertThatThrownBy(() -> Classifier.ofScores(all -> new float[][] {{1, 2}, {1}, {1, 2}, {1, 2}, {1, 2}})
                        .logits(images))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("2 scores for its first image and 1 for number 2");
        assertThat(Classifier.ofLabels(3, all -> new int[] {0, 1, 2, 0, 1})
                        .logits(images)
                        .toDoubles())
                .containsExactly(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0);
    }
}
