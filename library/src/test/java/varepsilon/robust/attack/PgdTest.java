package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.classify.Classifier;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** The gradient loop, restarts, momentum and criteria, against plain loops that share nothing with it. */
class PgdTest extends AttackFixture {
    private static final int N = 24;
    private static final int D = 27;
    private static final int CLASSES = 4;

    /** Two linear layers and a ReLU: bent enough that steps matter. */
    private Classifier smallNet() {
        Tensor first = rng(21).normal(DType.FLOAT64, 16, D);
        Tensor second = rng(22).normal(DType.FLOAT64, CLASSES, 16).mul(0.3);
        return pixels ->
                pixels.flatten(1).sub(0.5).matmul(first.transpose(0, 1)).relu().matmul(second.transpose(0, 1));
    }

    private Tensor images() {
        return rng(23).uniform(DType.FLOAT64, N, 3, 3, 3);
    }

    private static Tensor predictions(Classifier classifier, Tensor images) {
        return classifier.logits(images).argmax(1);
    }

    private static double lossOf(Classifier classifier, Tensor image, Tensor label) {
        return Ops.crossEntropy(classifier.logits(image), label).item();
    }

    /** ∇ of one image's cross-entropy. */
    private static double[] gradient(Classifier classifier, double[] image, Tensor label) {
        try (var scope = Scope.withGradients()) {
            Tensor x = Tensor.of(image, 1, 3, 3, 3).requiresGrad(true);
            return Gradients.of(Ops.crossEntropy(classifier.logits(x), label).sum(), x)
                    .toDoubles();
        }
    }

    /** One L∞ step, value by value: up or down by the step, back to within ε of the image, back to [0, 1]. */
    private static double[] signStep(double[] image, double[] at, double[] direction, double step, double epsilon) {
        double[] next = new double[at.length];
        for (int j = 0; j < at.length; j++) {
            double moved = at[j] + step * Math.signum(direction[j]);
            double inBall = Math.max(image[j] - epsilon, Math.min(image[j] + epsilon, moved));
            next[j] = Math.max(0, Math.min(1, inBall));
        }
        return next;
    }

    /** What is returned for a broken image is the first iterate that is wrong; for another, the last. */
    @Test
    void theLoopIsThatOfAPlainLoopOverSingleImages() {
        Classifier classifier = smallNet();
        Tensor images = images();
        Tensor labels = predictions(classifier, images);
        double epsilon = 0.06;
        Pgd pgd = new Pgd(8, StepSize.pixels(0.015), 1, false, 0, AttackLoss.CROSS_ENTROPY);
        AttackResult result = AttackRun.untargeted(classifier, ThreatModel.of(Norm.LINF, epsilon))
                .of(pgd, images, labels, rng(1), new Cost());
        List<Integer> brokenAfter = new ArrayList<>();
        for (int i = 0; i < N; i++) {
            double[] image = row(images, i);
            Tensor label = labels.narrow(0, i, 1);
            double[] at = image;
            int steps = 0;
            while (steps < 8 && isRight(classifier, at, label)) {
                at = signStep(image, at, gradient(classifier, at, label), 0.015, epsilon);
                steps++;
            }
            assertThat(row(result.adversarial(), i)).containsExactly(at, within(1e-12));
            boolean right = isRight(classifier, at, label);
            assertThat(result.met()[i]).isEqualTo(!right);
            brokenAfter.add(right ? 9 : steps);
        }
        assertThat(brokenAfter)
                .as("some early, some late, some never")
                .contains(9)
                .anyMatch(steps -> steps < 4);
    }

    /** The usual steps: 2 ε first, then ever shorter in equal amounts, by a plain loop over single images. */
    @Test
    void theUsualStepsFall() {
        Classifier classifier = smallNet();
        Tensor images = images();
        Tensor labels = repeatedLabel(1, N);
        Problem problem = Problem.ofTraining(classifier, images, labels, ThreatModel.of(Norm.LINF, 0.1), new Cost());
        Tensor delta = Pgd.ofSteps(4).withRandomStart(false).perturb(problem, Draws.shared(rng(1)));
        for (int i = 0; i < N; i++) {
            double[] image = row(images, i);
            double[] at = image;
            for (double step : new double[] {0.2, 0.15, 0.1, 0.05}) {
                at = signStep(image, at, gradient(classifier, at, labels.narrow(0, i, 1)), step, 0.1);
            }
            assertThat(row(images.add(delta), i)).containsExactly(at, within(1e-12));
        }
    }

    /** Of 200 values, the two of the steepest slope that have room left; what is too much is taken from all alike. */
    @Test
    void aStepInL1IsSpreadOverOnePerCentOfTheValues() {
        double[] slopes = new double[200];
        Arrays.setAll(slopes, i -> 1 + Math.sin(i));
        Tensor gradient = Tensor.of(slopes, 1, 200);
        Tensor low = Tensor.full(-0.5, DType.FLOAT64, 1, 200);
        Tensor high = Tensor.full(0.5, DType.FLOAT64, 1, 200);
        int[] steepest = IntStream.range(0, 200)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -slopes[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] expected = new double[200];
        expected[steepest[0]] = 0.2;
        expected[steepest[1]] = 0.2;
        Tensor once = Norm.L1.explore(gradient.zerosLike(), gradient, 0.4, 1, low, high, 1);
        assertThat(once.toDoubles()).containsExactly(expected, within(1e-12));

        double[] start = new double[200];
        start[steepest[0]] = 0.5; // as far as the box lets it go
        start[7] = 0.4;
        Tensor next = Norm.L1.explore(Tensor.of(start, 1, 200), gradient, 0.4, 1, low, high, 1);
        // 0.5, 0.4 and two times 0.2 are 0.3 too much: by 0.075 from each of the four.
        double[] projected = new double[200];
        projected[steepest[0]] = 0.425;
        projected[7] = 0.325;
        projected[steepest[1]] = 0.125;
        projected[steepest[2]] = 0.125;
        assertThat(next.toDoubles()).containsExactly(projected, within(1e-9));

        // Half the spread, one value; a tenth of it, still one.
        double[] alone = new double[200];
        alone[steepest[0]] = 0.4;
        for (double spread : new double[] {0.5, 0.1}) {
            Tensor one = Norm.L1.explore(gradient.zerosLike(), gradient, 0.4, 1, low, high, spread);
            assertThat(one.toDoubles()).containsExactly(alone, within(1e-12));
        }
    }

    /** Wrong only where one value of 300 moves by a quarter: too much for a step that is spread over three of them. */
    @Test
    void restartsInL1MoveFewerValues() {
        Classifier single = pixels -> {
            Tensor excess = PerExample.max(pixels).sub(0.75).mul(10);
            return Tensor.stack(1, List.of(excess.neg(), excess));
        };
        Tensor grey = Tensor.full(0.5, DType.FLOAT64, 1, 3, 10, 10);
        AttackRun run = AttackRun.untargeted(single, ThreatModel.of(Norm.L1, 0.3));
        Pgd oneStep = Pgd.ofSteps(1);
        for (int seed = 0; seed < 3; seed++) {
            assertThat(run.of(oneStep, grey, labels(0), rng(seed), new Cost()).met())
                    .containsExactly(false);
            assertThat(run.of(oneStep.withRestarts(2), grey, labels(0), rng(seed), new Cost())
                            .met())
                    .containsExactly(true);
        }
    }

    /** An image's random starts are its own: not its neighbours', nor the next restart's. */
    @Test
    void whatIsDrawnForAnImageDoesNotDependOnItsBatch() {
        Classifier classifier = smallNet();
        Tensor images = images();
        Tensor labels = repeatedLabel(0, N);
        for (Norm norm : List.of(Norm.LINF, Norm.L2, Norm.L1)) {
            ThreatModel threat = ThreatModel.of(norm, 0.3);
            for (Attack attack : List.of(Pgd.ofSteps(2).withRestarts(3), new UniformNoise(), new SignNoise())) {
                int[] all = {10, 11, 12, 13};
                Problem together = Problem.ofTraining(
                        classifier, images.narrow(0, 0, 4), labels.narrow(0, 0, 4), threat, new Cost());
                Tensor found = attack.perturb(together, closing(Draws.perImage(Seed.of(7), all)));
                for (int i = 0; i < all.length; i++) {
                    Problem alone = Problem.ofTraining(
                            classifier, images.narrow(0, i, 1), labels.narrow(0, i, 1), threat, new Cost());
                    Tensor own = attack.perturb(alone, closing(Draws.perImage(Seed.of(7), new int[] {all[i]})));
                    assertThat(row(found, i)).containsExactly(own.toDoubles(), within(1e-12));
                }
                assertThat(row(found, 0)).isNotEqualTo(row(found, 1));
            }
        }
    }

    private static boolean isRight(Classifier classifier, double[] image, Tensor label) {
        return predictions(classifier, Tensor.of(image, 1, 3, 3, 3)).item() == label.item();
    }

    /** In training nobody leaves: all steps are taken by all. */
    @Test
    void inTrainingAllStepsAreTaken() {
        Classifier classifier = smallNet();
        Tensor images = images();
        Tensor labels = repeatedLabel(1, N);
        Cost cost = new Cost();
        Tensor delta = new Pgd(5, StepSize.pixels(0.03), 1, false, 0, AttackLoss.CROSS_ENTROPY)
                .perturb(
                        Problem.ofTraining(classifier, images, labels, ThreatModel.of(Norm.LINF, 0.1), cost),
                        Draws.shared(rng(1)));
        assertThat(cost.forwardPasses()).isEqualTo(5L * N);
        assertThat(cost.backwardPasses()).isEqualTo(5L * N);
        for (int i = 0; i < N; i++) {
            double[] image = row(images, i);
            double[] at = image;
            for (int step = 0; step < 5; step++) {
                at = signStep(image, at, gradient(classifier, at, labels.narrow(0, i, 1)), 0.03, 0.1);
            }
            assertThat(row(images.add(delta), i)).containsExactly(at, within(1e-12));
        }
    }

    /** Dong et al. 2018, algorithm 1, by hand: the sum of gradients, each of them divided by its L1 norm. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.7, 1})
    void momentumIsThatOfThePaper(double decay) {
        Classifier classifier = smallNet();
        Tensor images = images();
        Tensor labels = repeatedLabel(2, N);
        Problem problem = Problem.ofTraining(classifier, images, labels, ThreatModel.of(Norm.LINF, 0.08), new Cost());
        Tensor byMiFgsm = new MiFgsm(4, decay, AttackLoss.CROSS_ENTROPY).perturb(problem, Draws.shared(rng(1)));
        Tensor byPgd = new Pgd(4, StepSize.pixels(0.02), 1, false, decay, AttackLoss.CROSS_ENTROPY)
                .perturb(problem, Draws.shared(rng(1)));
        for (int i = 0; i < N; i++) {
            double[] image = row(images, i);
            double[] at = image;
            double[] sum = new double[D];
            for (int step = 0; step < 4; step++) {
                double[] gradient = gradient(classifier, at, labels.narrow(0, i, 1));
                double size = Arrays.stream(gradient).map(Math::abs).sum();
                for (int j = 0; j < D; j++) {
                    sum[j] = decay * sum[j] + gradient[j] / size;
                }
                at = signStep(image, at, sum, 0.02, 0.08);
            }
            assertThat(row(images.add(byMiFgsm), i)).containsExactly(at, within(1e-12));
            assertThat(row(images.add(byPgd), i)).containsExactly(at, within(1e-12));
        }
    }

    /** One stream, restart after restart: the worst of single runs from the same starts. */
    @Test
    void inTrainingEachExampleKeepsItsWorstRestart() {
        Classifier classifier = smallNet();
        Tensor images = images();
        Tensor labels = repeatedLabel(0, N);
        Problem problem = Problem.ofTraining(classifier, images, labels, ThreatModel.of(Norm.L2, 0.4), new Cost());
        Pgd one = Pgd.ofSteps(2);
        Tensor found = one.withRestarts(4).perturb(problem, Draws.shared(rng(5)));
        Rng same = rng(5);
        double[][] losses = new double[4][];
        double[][] runs = new double[4][];
        for (int r = 0; r < 4; r++) {
            Tensor delta = one.perturb(problem, Draws.shared(same));
            losses[r] = Ops.crossEntropy(classifier.logits(images.add(delta)), labels)
                    .toDoubles();
            runs[r] = delta.toDoubles();
        }
        boolean[] used = new boolean[4];
        for (int i = 0; i < N; i++) {
            int worst = 0;
            for (int r = 1; r < 4; r++) {
                worst = losses[r][i] > losses[worst][i] ? r : worst;
            }
            used[worst] = true;
            assertThat(row(found, i)).isEqualTo(Arrays.copyOfRange(runs[worst], i * D, (i + 1) * D));
        }
        assertThat(used).as("restarts that were some example's worst").containsExactly(true, true, true, true);
    }

    /** In evaluation the broken ones leave, and restarts can only break more. */
    @Test
    void inEvaluationRestartsGoOnWithThoseThatAreCorrect() {
        Classifier classifier = smallNet();
        Tensor images = images();
        Tensor labels = predictions(classifier, images);
        List<Long> rows = new ArrayList<>();
        Classifier counting = pixels -> {
            rows.add(pixels.size(0));
            return classifier.logits(pixels);
        };
        AttackRun run = AttackRun.untargeted(counting, ThreatModel.of(Norm.LINF, 0.05));
        int broken = 0;
        for (int restarts : new int[] {1, 2, 8}) {
            rows.clear();
            AttackResult result = run.of(Pgd.ofSteps(1).withRestarts(restarts), images, labels, rng(6), new Cost());
            int now = 0;
            for (int i = 0; i < N; i++) {
                now += result.met()[i] ? 1 : 0;
                assertThat(predictions(classifier, result.adversarial().narrow(0, i, 1))
                                .item())
                        .isEqualTo(result.adversarialPrediction()[i]);
            }
            assertThat(now).isGreaterThanOrEqualTo(broken);
            broken = now;
            List<Long> tried = rows.subList(1, rows.size() - 1);
            for (int i = 1; i < tried.size(); i++) {
                assertThat(tried.get(i)).isLessThanOrEqualTo(tried.get(i - 1));
            }
        }
        assertThat(broken).isBetween(1, N - 1);
    }

    /** Of restarts that all fail, the one of the highest loss is returned. */
    @Test
    void anExampleThatStaysCorrectKeepsItsWorstRestart() {
        Classifier classifier = smallNet();
        Tensor images = images();
        Tensor labels = predictions(classifier, images);
        ThreatModel threat = ThreatModel.of(Norm.LINF, 0.004);
        AttackRun run = AttackRun.untargeted(classifier, threat);
        AttackResult one = run.of(Pgd.ofSteps(1), images, labels, rng(6), new Cost());
        AttackResult ten = run.of(Pgd.ofSteps(1).withRestarts(10), images, labels, rng(6), new Cost());
        int higher = 0;
        for (int i = 0; i < N; i++) {
            if (ten.isRobust(i) && one.isRobust(i)) {
                double before = lossOf(classifier, one.adversarial().narrow(0, i, 1), labels.narrow(0, i, 1));
                double after = lossOf(classifier, ten.adversarial().narrow(0, i, 1), labels.narrow(0, i, 1));
                assertThat(after).isGreaterThanOrEqualTo(before - 1e-12);
                higher += after > before + 1e-9 ? 1 : 0;
            }
        }
        assertThat(higher).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"linf", "l2", "l1"})
    void theSameSeedGivesTheSameBits(String norm) {
        Classifier classifier = smallNet();
        Tensor images = images().to(DType.FLOAT64);
        Tensor labels = predictions(classifier, images);
        AttackRun run = AttackRun.untargeted(classifier, ThreatModel.of(Norm.named(norm), 0.05));
        for (Attack attack :
                // Steps shorter than the ball is wide, so that the start can be seen in the end.
                List.of(
                        Pgd.ofSteps(3).withStepSize(StepSize.relative(0.4)).withRestarts(3),
                        new RandomStartFgsm(),
                        new UniformNoise(),
                        new SignNoise())) {
            double[] first = run.of(attack, images, labels, rng(9), new Cost())
                    .adversarial()
                    .toDoubles();
            double[] again = run.of(attack, images, labels, rng(9), new Cost())
                    .adversarial()
                    .toDoubles();
            double[] other = run.of(attack, images, labels, rng(10), new Cost())
                    .adversarial()
                    .toDoubles();
            assertThat(again).isEqualTo(first);
            assertThat(other).isNotEqualTo(first);
        }
    }

    /** Towards a class that is wanted: its loss falls, and only that class counts. */
    @Test
    void aTargetedAttackLeadsToItsTarget() {
        Classifier classifier = smallNet();
        Tensor images = images();
        long[] truth = predictions(classifier, images).toLongs();
        long[] wanted = Arrays.stream(truth).map(label -> (label + 1) % CLASSES).toArray();
        AttackRun run = new AttackRun(classifier, ThreatModel.of(Norm.L2, 1.5), Criterion.targeted());
        AttackResult result =
                run.of(Pgd.ofSteps(30), images, labels(truth), labels(wanted), Draws.shared(rng(3)), new Cost());
        int reached = 0;
        for (int i = 0; i < N; i++) {
            assertThat(result.met()[i]).isEqualTo(result.adversarialPrediction()[i] == wanted[i]);
            reached += result.met()[i] ? 1 : 0;
        }
        assertThat(reached).isGreaterThan(N / 2);
    }

    /** κ in logits: what is called broken has it, and where κ is out of reach the prediction may still be wrong. */
    @Test
    void aMarginIsReachedInFull() {
        Classifier classifier = smallNet();
        Tensor images = images();
        Tensor labels = predictions(classifier, images);
        ThreatModel threat = ThreatModel.of(Norm.LINF, 0.03);
        AttackResult result = new AttackRun(classifier, threat, Criterion.margin(0.5))
                .of(Pgd.ofSteps(20), images, labels, rng(3), new Cost());
        double[] margins = AttackLoss.MARGIN
                .of(classifier.logits(result.adversarial()), labels)
                .toDoubles();
        boolean[] kinds = new boolean[2];
        for (int i = 0; i < N; i++) {
            assertThat(result.met()[i]).isEqualTo(margins[i] > 0.5);
            assertThat(result.isRobust(i)).isEqualTo(margins[i] <= 0);
            kinds[0] |= margins[i] > 0.5;
            kinds[1] |= margins[i] <= 0;
        }
        assertThat(kinds).containsExactly(true, true);
    }

    /** A target that is the label already: nothing is perturbed, and the example is robust. */
    @Test
    void aTargetThatIsTheLabelSaysNothingAgainstTheClassifier() {
        Classifier classifier = smallNet();
        Tensor images = images();
        Tensor labels = predictions(classifier, images);
        AttackResult result = new AttackRun(classifier, ThreatModel.of(Norm.L2, 1), Criterion.targeted())
                .of(Pgd.ofSteps(3), images, labels, labels, Draws.shared(rng(1)), new Cost());
        assertThat(result.isRobust(0)).isTrue();
        assertThat(result.size()).containsOnly(0);
    }

    /**
     * p − 1 for logits 17 apart is −1 less than 10⁻⁷: lost where it is computed as a difference in single precision.
     */
    @Test
    void theSlopeOfASureModelIsExactInSinglePrecision() {
        for (double lead : new double[] {1, 14, 17, 25}) {
            Tensor logits = Tensor.of(new double[] {lead, 0, -1}, 1, 3).to(DType.FLOAT32);
            Tensor leaf = logits.requiresGrad(true);
            double[] slope = Gradients.of(
                            AttackLoss.EXACT_CROSS_ENTROPY.of(leaf, labels(0)).sum(), leaf)
                    .toDoubles();
            double[] others = {Math.exp(-lead), Math.exp(-1 - lead)};
            double sum = 1 + others[0] + others[1];
            double rest = (others[0] + others[1]) / sum;
            assertThat(slope[0]).isCloseTo(-rest, withinPercentage(1e-3));
            assertThat(slope[1]).isCloseTo(others[0] / sum, withinPercentage(1e-3));
            assertThat(slope[2]).isCloseTo(others[1] / sum, withinPercentage(1e-3));
        }
    }

    /** The losses, from their definitions. */
    @Test
    void lossesAreWhatTheySay() {
        Tensor logits = Tensor.of(new double[] {1, 3, 2, 5, -1, 0.5}, 2, 3);
        Tensor classes = labels(1, 2);
        assertThat(AttackLoss.MARGIN.of(logits, classes).toDoubles()).containsExactly(-1, 4.5);
        double first = Math.log(Math.exp(1) + Math.exp(3) + Math.exp(2)) - 3;
        double second = Math.log(Math.exp(5) + Math.exp(-1) + Math.exp(0.5)) - 0.5;
        assertThat(AttackLoss.CROSS_ENTROPY.of(logits, classes).toDoubles())
                .containsExactly(new double[] {first, second}, within(1e-12));
    }
}
