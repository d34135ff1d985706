package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.tensor.DType;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** What every minimum-norm attack must do, in each of its norms. */
class MinimumContractTest extends AttackFixture {
    private static final int N = 6;
    private static final int D = 12;

    /** Every registered one, with few steps. */
    private static List<Arguments> members() {
        List<Arguments> members = new ArrayList<>();
        for (Family.Member<Attack> member : Family.of(Attack.class).members()) {
            if (member.usual() instanceof MinimumAttack) {
                MinimumAttack attack = member.usual() instanceof CarliniWagner
                        ? new CarliniWagner(20, 4, 0.1, 0.1)
                        : (MinimumAttack) member.with(member.usual(), Map.of("steps", 10));
                attack.norms().forEach(norm -> members.add(Arguments.of(attack, norm)));
            }
        }
        members.add(Arguments.of(FastAdaptiveBoundary.of(8, 3, 0), Norm.LINF));
        members.add(Arguments.of(FastAdaptiveBoundary.of(8, 2, 9), Norm.L1));
        return members;
    }

    private static List<Arguments> membersWithGradients() {
        return members().stream()
                .filter(member -> ((MinimumAttack) member.get()[0]).knowledge() == Knowledge.GRADIENTS)
                .toList();
    }

    private Tensor images(DType dtype) {
        return rng(3).uniform(DType.FLOAT64, N, 3, 2, 2).to(dtype);
    }

    private static Tensor predicted(Classifier classifier, Tensor images) {
        return classifier.logits(images).argmax(1);
    }

    private static Draws draws(int... images) {
        return Draws.perImage(Seed.of(11), images);
    }

    private static int[] all() {
        return IntStream.range(0, N).toArray();
    }

    private MinimumResult run(
            MinimumAttack attack, Norm norm, Classifier classifier, Tensor images, Tensor labels, int... which) {
        try (Draws draws = draws(which)) {
            return AttackRun.untargeted(classifier, ThreatModel.of(norm, 0))
                    .minimum(attack, images, labels, labels, draws, new Cost());
        }
    }

    @ParameterizedTest
    @MethodSource("members")
    void whatIsReturnedIsWhatWasSeenToMeetTheCriterion(MinimumAttack attack, Norm norm) {
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            Classifier classifier = curved(D, dtype);
            Tensor images = images(dtype);
            Problem problem = Problem.ofEvaluation(
                    classifier,
                    images,
                    predicted(classifier, images),
                    Criterion.untargeted(),
                    ThreatModel.of(norm, 0),
                    new Cost());
            MinimumAttack.Smallest smallest;
            try (Draws draws = draws(all())) {
                smallest = attack.minimise(problem, 0, draws);
            }
            byte[] found = smallest.found().to(DType.UINT8).toBytes();
            byte[] met = problem.isMet(smallest.delta()).to(DType.UINT8).toBytes();
            assertThat(found).as("met where found, and nowhere else").isEqualTo(met);
            assertThat(found).contains((byte) 1);
            double[] moved = images.add(smallest.delta()).toDoubles();
            assertThat(Arrays.stream(moved).min().orElseThrow()).isGreaterThanOrEqualTo(0);
            assertThat(Arrays.stream(moved).max().orElseThrow()).isLessThanOrEqualTo(1);
            assertThat(smallest.delta().dtype()).isEqualTo(dtype);
            assertThat(smallest.delta().requiresGrad()).isFalse();
            for (int i = 0; i < N; i++) {
                if (found[i] == 0) {
                    assertThat(row(smallest.delta(), i)).containsOnly(0);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("members")
    void anImagesResultHasTheSameBitsAgainAndInEveryBatch(MinimumAttack attack, Norm norm) {
        Classifier classifier = curved(D, DType.FLOAT32);
        Tensor images = images(DType.FLOAT32);
        Tensor labels = predicted(classifier, images);
        MinimumResult whole = run(attack, norm, classifier, images, labels, all());
        MinimumResult again = run(attack, norm, classifier, images, labels, all());
        assertThat(again.adversarial().toFloats()).isEqualTo(whole.adversarial().toFloats());
        assertThat(again.size()).isEqualTo(whole.size());
        for (int i = 0; i < N; i++) {
            MinimumResult single = run(
                    attack,
                    norm,
                    classifier,
                    images.narrow(0, i, 1).copy(),
                    labels.narrow(0, i, 1).copy(),
                    i);
            assertThat(single.adversarial().toDoubles()).as("image %d", i).isEqualTo(row(whole.adversarial(), i));
            assertThat(single.size()[0]).isEqualTo(whole.size()[i]);
        }
    }

    @ParameterizedTest
    @MethodSource("members")
    void wherePredictionsNeverChangeNothingIsFound(MinimumAttack attack, Norm norm) {
        // Differentiable, and the first class for every image in the box.
        Classifier sure = pixels -> {
            Tensor mean = pixels.flatten(1).mean(1).unsqueeze(1);
            return Tensor.concat(1, List.of(mean.add(5), mean.neg(), mean.mul(2)));
        };
        Tensor images = images(DType.FLOAT32);
        MinimumResult result = run(attack, norm, sure, images, repeatedLabel(0, N), all());
        assertThat(result.found()).containsOnly(false);
        assertThat(result.size()).containsOnly(Double.POSITIVE_INFINITY);
        assertThat(result.adversarial().toFloats()).isEqualTo(images.toFloats());
        assertThat(result.adversarialPrediction()).containsOnly(0);
    }

    @ParameterizedTest
    @MethodSource("members")
    void anImageThatMeetsTheCriterionNeedsNoPerturbation(MinimumAttack attack, Norm norm) {
        Classifier classifier = curved(D, DType.FLOAT64);
        Tensor images = images(DType.FLOAT64);
        Tensor predicted = predicted(classifier, images);
        long[] labels = predicted.toLongs();
        labels[2] = (labels[2] + 1) % 3;
        Problem problem = Problem.ofTraining(classifier, images, labels(labels), ThreatModel.of(norm, 1), new Cost());
        MinimumAttack.Smallest smallest;
        try (Draws draws = draws(all())) {
            smallest = attack.minimise(problem, 0, draws);
        }
        assertThat(smallest.found().to(DType.UINT8).toBytes()[2]).isEqualTo((byte) 1);
        // A search by labels alone goes back to the image by halving, and a run gives it no such image.
        double left = attack.knowledge() == Knowledge.LABELS ? 1e-12 : 0;
        assertThat(largest(smallest.delta().narrow(0, 2, 1))).isLessThanOrEqualTo(left);
        MinimumResult result = run(attack, norm, classifier, images, labels(labels), all());
        assertThat(result.size()[2]).isZero();
        assertThat(result.correct()[2]).isFalse();
        assertThat(result.found()[2]).isTrue();
    }

    /** The search ends for an example once its perturbation is small enough, which saves passes. */
    @ParameterizedTest
    @MethodSource("members")
    void examplesWithASmallEnoughPerturbationLeave(MinimumAttack attack, Norm norm) {
        Classifier classifier = curved(D, DType.FLOAT64);
        Tensor images = images(DType.FLOAT64);
        Tensor labels = predicted(classifier, images);
        double all = norm.diameter(1, D);
        Cost thorough = new Cost();
        Cost brief = new Cost();
        double[] least = sizes(attack, norm, classifier, images, labels, 0, thorough);
        double[] enough = sizes(attack, norm, classifier, images, labels, all, brief);
        assertThat(brief.forwardPasses()).isLessThan(thorough.forwardPasses());
        for (int i = 0; i < N; i++) {
            assertThat(enough[i]).isGreaterThanOrEqualTo(least[i]);
        }
    }

    private double[] sizes(
            MinimumAttack attack,
            Norm norm,
            Classifier classifier,
            Tensor images,
            Tensor labels,
            double enough,
            Cost c) {
        Problem problem =
                Problem.ofEvaluation(classifier, images, labels, Criterion.untargeted(), ThreatModel.of(norm, 0), c);
        try (Draws draws = draws(all())) {
            MinimumAttack.Smallest smallest = attack.minimise(problem, enough, draws);
            double[] sizes =
                    norm.length(images.add(smallest.delta()).sub(images)).toDoubles();
            byte[] found = smallest.found().to(DType.UINT8).toBytes();
            Arrays.setAll(sizes, i -> found[i] == 1 ? sizes[i] : Double.POSITIVE_INFINITY);
            return sizes;
        }
    }

    /** Above a brightness of 0.8 this model's gradients are NaN, its logits are not. */
    @ParameterizedTest
    @MethodSource("membersWithGradients")
    void gradientsThatAreNotFiniteAreReportedAndHarmNoOtherImage(MinimumAttack attack, Norm norm) {
        Classifier classifier = pixels -> {
            Tensor mean = pixels.flatten(1).mean(1).unsqueeze(1);
            Tensor nothing = mean.sub(mean.detach());
            // The derivative of √ at 0 is infinite; times zero it is NaN.
            Tensor root =
                    nothing.square().add(mean.detach().neg().add(0.8).relu()).sqrt();
            Tensor score = mean.sub(0.5).mul(4).add(root.mul(0));
            return Tensor.concat(1, List.of(score.neg(), score));
        };
        Tensor images = Tensor.full(0.9, DType.FLOAT64, 2, 1, 2, 2);
        images = images.sub(Tensor.of(new double[] {0, 0.35}, 2, 1, 1, 1));
        MinimumResult result = run(attack, norm, classifier, images, labels(1, 1), 0, 1);
        assertThat(result.withoutGradient()).contains(0);
        assertThat(result.found()[1]).isTrue();
        double[] alone = run(attack, norm, classifier, images.narrow(0, 1, 1).copy(), labels(1), 1)
                .size();
        assertThat(result.size()[1]).isEqualTo(alone[0]);
    }

    @ParameterizedTest
    @MethodSource("members")
    void targetsAndMarginsAreMet(MinimumAttack attack, Norm norm) {
        Classifier classifier = curved(D, DType.FLOAT64);
        Tensor images = images(DType.FLOAT64);
        Tensor labels = predicted(classifier, images);
        long[] targets = Arrays.stream(labels.toLongs()).map(v -> (v + 1) % 3).toArray();
        AttackRun margin = new AttackRun(classifier, ThreatModel.of(norm, 0), Criterion.margin(0.5));
        MinimumResult wide;
        try (Draws draws = draws(all())) {
            wide = margin.minimum(attack, images, labels, labels, draws, new Cost());
        }
        double[] margins = AttackLoss.MARGIN
                .of(classifier.logits(wide.adversarial()), labels)
                .toDoubles();
        assertThat(wide.found()).contains(true);
        for (int i = 0; i < N; i++) {
            assertThat(margins[i] > 0.5).isEqualTo(wide.found()[i]);
        }
        if (attack instanceof FastAdaptiveBoundary fab && fab.targets() > 0) {
            return; // searches for targets of its own
        }
        AttackRun targeted = new AttackRun(classifier, ThreatModel.of(norm, 0), Criterion.targeted());
        MinimumResult aimed;
        try (Draws draws = draws(all())) {
            aimed = targeted.minimum(attack, images, labels, labels(targets), draws, new Cost());
        }
        assertThat(aimed.found()).contains(true);
        for (int i = 0; i < N; i++) {
            assertThat(aimed.adversarialPrediction()[i] == targets[i]).isEqualTo(aimed.found()[i]);
        }
    }

    /** As an attack inside a ball: what is found within it is returned as it is. */
    @ParameterizedTest
    @MethodSource("members")
    void insideAThreatModelItSucceedsWhereItFindsSomethingSmallEnough(MinimumAttack attack, Norm norm) {
        Classifier classifier = curved(D, DType.FLOAT64);
        Tensor images = images(DType.FLOAT64);
        Tensor labels = predicted(classifier, images);
        double[] sizes = run(attack, norm, classifier, images, labels, all()).size();
        double[] sorted = Arrays.stream(sizes).sorted().toArray();
        double epsilon = sorted[N / 2];
        assertThat(epsilon).isFinite();
        try (Draws draws = draws(all())) {
            AttackResult result = AttackRun.untargeted(classifier, ThreatModel.of(norm, epsilon))
                    .of(attack, images, labels, labels, draws, new Cost());
            for (int i = 0; i < N; i++) {
                if (sizes[i] <= epsilon) {
                    assertThat(result.met()[i]).as("image %d", i).isTrue();
                }
                assertThat(result.size()[i]).isLessThanOrEqualTo(epsilon + 1e-6);
            }
        }
    }

    @Test
    void ownTargetsAndAGivenTargetAreRefused() {
        Classifier classifier = curved(D, DType.FLOAT64);
        AttackRun targeted = new AttackRun(classifier, ThreatModel.of(Norm.L2, 0), Criterion.targeted());
        assertThatThrownBy(() -> targeted.minimum(
                        FastAdaptiveBoundary.of(2, 1, 9),
                        images(DType.FLOAT64),
                        repeatedLabel(0, N),
                        rng(1),
                        new Cost()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("its targets must be 0");
    }

    @Test
    void anAttackOfAnotherNormIsRefused() {
        AttackRun run = AttackRun.untargeted(curved(D, DType.FLOAT64), ThreatModel.of(Norm.L1, 0));
        assertThatThrownBy(() -> run.minimum(
                        new DecoupledDirectionNorm(), images(DType.FLOAT64), repeatedLabel(0, N), rng(1), new Cost()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("ddn has no norm l1; it has l2");
    }

    /** An attack that claims what is not so. */
    private record Claiming(double step) implements MinimumAttack {
        @Override
        public Smallest minimise(Problem problem, double enough, Draws draws) {
            Tensor delta = problem.pixels().zerosLike().add(step);
            return new Smallest(
                    delta, problem.isMet(delta).or(problem.isMet(delta).not()));
        }
    }

    @Test
    void foundIsOnlyWhatTheReturnedImageShows() {
        Classifier sure = pixels -> {
            Tensor mean = pixels.flatten(1).mean(1).unsqueeze(1);
            return Tensor.concat(1, List.of(mean.add(5), mean));
        };
        Tensor images = Tensor.full(0.5, DType.FLOAT32, 2, 1, 2, 2);
        AttackRun run = AttackRun.untargeted(sure, ThreatModel.of(Norm.LINF, 0));
        MinimumResult result = run.minimum(new Claiming(0.1), images, labels(0, 0), rng(1), new Cost());
        assertThat(result.found()).containsOnly(false);
        assertThat(result.adversarial().toFloats()).containsOnly(0.5f);
        assertThatThrownBy(() -> run.minimum(new Claiming(0.6), images, labels(0, 0), rng(1), new Cost()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("pixels from 1.1");
    }

    /** As where the same image gets slightly other logits in another batch. */
    @Test
    void aPerturbationThatEndsJustBeforeTheBoundaryIsLengthened() {
        Classifier boundary = pixels -> {
            Tensor mean = pixels.flatten(1).mean(1).unsqueeze(1);
            return Tensor.concat(1, List.of(mean.mul(0).add(0.60005), mean));
        };
        Tensor images = Tensor.full(0.5, DType.FLOAT64, 2, 1, 2, 2);
        MinimumResult result = AttackRun.untargeted(boundary, ThreatModel.of(Norm.LINF, 0))
                .minimum(new Claiming(0.1), images, labels(0, 0), rng(1), new Cost());
        assertThat(result.found()).containsOnly(true);
        assertThat(result.size()).containsExactly(new double[] {0.1001, 0.1001}, within(1e-12));
        assertThat(result.adversarialPrediction()).containsOnly(1);
    }
}
