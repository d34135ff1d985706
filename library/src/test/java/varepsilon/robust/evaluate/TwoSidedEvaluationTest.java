package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Architecture;
import varepsilon.classify.Classifier;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.classify.Predictions;
import varepsilon.data.Batches;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.nn.Adam;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.certify.AlphaCrown;
import varepsilon.robust.certify.Bound;
import varepsilon.robust.certify.BranchAndBound;
import varepsilon.robust.certify.Crown;
import varepsilon.robust.certify.Ibp;
import varepsilon.robust.certify.Relaxation;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.robust.defense.StandardTraining;
import varepsilon.robust.evaluate.TwoSidedReport.Status;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;
import varepsilon.train.Fit;
import varepsilon.train.Monitor;
import varepsilon.train.TrainingPlan;

class TwoSidedEvaluationTest extends ScopedTest {
    private static final ImageSet IMAGES = Glyphs.draw("images", 40, 5);

    private NetworkClassifier classifier;

    @BeforeEach
    void train() {
        classifier = closing(new Architecture("small-cnn", 10, Normalisation.none(1)).create(init(DType.FLOAT32, 1)));
        try (var objective = new StandardTraining(classifier, ClassifierObjective.Settings.PLAIN);
                var adam = new Adam(classifier.module().parameters(), 2e-3)) {
            TrainingPlan plan = TrainingPlan.of(3, 32, 1, Monitor.largest("accuracy"));
            Fit.of(objective, adam, plan).run(Glyphs.draw("training", 600, 1), Glyphs.draw("held out", 50, 2));
        }
        classifier.module().train(false);
    }

    private TwoSidedEvaluation evaluation(double epsilon, Bound... bounds) {
        return new TwoSidedEvaluation(
                ThreatModel.of(Norm.LINF, epsilon),
                Pgd.ofSteps(10),
                List.of(bounds),
                Pgd.ofSteps(20),
                4,
                1,
                Device.CPU);
    }

    @Test
    void everyImageIsCountedOnceAndTighterBoundsDecideMore() {
        TwoSidedReport loose = evaluation(0.02, new Ibp()).of(classifier, IMAGES, Watch.NONE);
        TwoSidedReport tight = evaluation(
                        0.02, new Ibp(), new Crown(), new AlphaCrown(10, 0.1), new BranchAndBound(2, 16, 10))
                .of(classifier, IMAGES, Watch.NONE);
        for (TwoSidedReport report : List.of(loose, tight)) {
            assertThat(report.complete()).isTrue();
            assertThat(report.images()).hasSize(40);
            assertThat(report.images().stream().map(TwoSidedReport.Image::index))
                    .isEqualTo(IntStream.range(0, 40).boxed().toList());
            int all = 0;
            for (Status status : Status.values()) {
                all += report.count(status);
            }
            assertThat(all).isEqualTo(40);
            assertThat(report.certified().correct())
                    .isLessThanOrEqualTo(report.notBroken().correct());
            assertThat(report.notBroken().correct())
                    .isLessThanOrEqualTo(report.clean().correct());
        }
        assertThat(tight.count(Status.CERTIFIED)).isGreaterThan(loose.count(Status.CERTIFIED));
        assertThat(tight.images().stream().filter(image -> image.status() == Status.CERTIFIED))
                .allMatch(image -> image.margin() > 0 && !image.decidedBy().isEmpty());
        // At no perturbation everything that is correct is certified, and at a large one nothing.
        TwoSidedReport none = evaluation(0, new Ibp()).of(classifier, IMAGES, Watch.NONE);
        assertThat(none.certified()).isEqualTo(none.clean());
        assertThat(evaluation(0.5, new Ibp(), new Crown())
                        .of(classifier, IMAGES, Watch.NONE)
                        .count(Status.CERTIFIED))
                .isZero();
    }

    /** A bound that certifies whatever it is asked. */
    private record Wrong() implements Bound {
        @Override
        public Found bound(Relaxation start, Tensor functions, Watch watch) {
            return new Found(start, Tensor.ones(DType.FLOAT32, functions.size(0), functions.size(1)));
        }
    }

    /** Gives these bounds, and shows these images. */
    private record Showing(Tensor shown, double lower) implements Bound {
        @Override
        public Found bound(Relaxation start, Tensor functions, Watch watch) {
            Tensor ones = Tensor.ones(DType.FLOAT32, functions.size(0), functions.size(1));
            return new Found(start, ones.mul(lower), shown);
        }
    }

    @Test
    void whatABoundShowsIsPredictedAndContradictsACertificate() {
        Tensor all = Batches.of(IMAGES, IMAGES.size()).iterator().next().pixels(Device.CPU);
        boolean[] correct = Predictions.of(classifier.logits(all)).correct(IMAGES.labels());
        long[] open =
                IntStream.range(0, 40).filter(i -> correct[i]).asLongStream().toArray();
        Tensor inverted = all.neg().add(1).indexSelect(0, Tensor.of(open, open.length));
        int[] labels = Arrays.stream(open).mapToInt(i -> IMAGES.label((int) i)).toArray();
        boolean[] still = Predictions.of(classifier.logits(inverted)).correct(labels);
        TwoSidedReport report = showing(new Showing(inverted, -1)).of(classifier, IMAGES, Watch.NONE);
        int broken = 0;
        for (int i = 0; i < open.length; i++) {
            TwoSidedReport.Image image = report.images().get((int) open[i]);
            assertThat(image.status()).isEqualTo(still[i] ? Status.OPEN : Status.BROKEN);
            assertThat(image.decidedBy()).isEqualTo(still[i] ? "" : "Showing");
            broken += still[i] ? 0 : 1;
        }
        assertThat(broken).isPositive();
        assertThat(report.count(Status.BROKEN)).isEqualTo(broken);
        assertThatThrownBy(() -> showing(new Showing(inverted, 1)).of(classifier, IMAGES, Watch.NONE))
                .isInstanceOf(UnsoundBoundException.class)
                .hasMessageContaining("is certified by Showing at ε = 1.0 in linf");
    }

    private static TwoSidedEvaluation showing(Bound bound) {
        return new TwoSidedEvaluation(ThreatModel.of(Norm.LINF, 1), null, List.of(bound), null, 40, 1, Device.CPU);
    }

    /** Finds nothing at first, and steps along the gradient after that. */
    private record Late(AtomicInteger calls) implements Attack {
        @Override
        public Tensor perturb(Problem problem, Draws draws) {
            return calls.getAndIncrement() == 0 ? problem.pixels().zerosLike() : new Fgsm().perturb(problem, draws);
        }
    }

    @Test
    void anImageThatIsCertifiedAndBrokenEndsTheEvaluation() {
        TwoSidedEvaluation unattacked = new TwoSidedEvaluation(
                ThreatModel.of(Norm.LINF, 0.3), null, List.of(new Wrong()), null, 4, 1, Device.CPU);
        // Without an attack nothing contradicts it.
        TwoSidedReport report = unattacked.of(classifier, IMAGES, Watch.NONE);
        assertThat(report.certified()).isEqualTo(report.clean());
        TwoSidedEvaluation checked = new TwoSidedEvaluation(
                unattacked.threat(), new Late(new AtomicInteger()), unattacked.bounds(), null, 4, 1, Device.CPU);
        assertThatThrownBy(() -> checked.of(classifier, IMAGES, Watch.NONE))
                .isInstanceOfSatisfying(UnsoundBoundException.class, e -> {
                    assertThat(e.image()).hasSize(28 * 28);
                    assertThat(e.adversarial()).hasSize(28 * 28).isNotEqualTo(e.image());
                    assertThat(e).hasMessageContainingAll("image " + e.index(), "certified", "0.3", "linf");
                });
    }

    @Test
    void itStopsWhereThatIsRequested() {
        AtomicInteger polls = new AtomicInteger();
        Watch watch = Watch.stopWhen(() -> polls.incrementAndGet() > 0);
        TwoSidedReport report = evaluation(0.02, new Crown()).of(classifier, IMAGES, watch);
        assertThat(report.complete()).isFalse();
        assertThat(report.images()).isEmpty();
        // In the midst of its work: what was not tried to the end is not among the open images, nor anywhere else.
        AtomicInteger all = new AtomicInteger();
        TwoSidedReport whole =
                evaluation(0.02, new Crown()).of(classifier, IMAGES, Watch.stopWhen(() -> all.incrementAndGet() < 0));
        AtomicInteger some = new AtomicInteger();
        TwoSidedReport partial = evaluation(0.02, new Crown())
                .of(classifier, IMAGES, Watch.stopWhen(() -> some.incrementAndGet() > 0.6 * all.get()));
        assertThat(partial.complete()).isFalse();
        assertThat(partial.images()).hasSizeBetween(16, 32);
        assertThat(partial.stages().get(0).tried())
                .isEqualTo(partial.clean().correct())
                .isLessThan(whole.stages().get(0).tried());
        assertThat(partial.images())
                .usingRecursiveComparison()
                .ignoringFields("seconds")
                .isEqualTo(whole.images().subList(0, partial.images().size()));
    }

    @Test
    void classifiersWhoseOperationsAreNotKnownAreRefused() {
        Classifier function = Classifier.ofScores(rows -> new float[rows.length][10]);
        assertThatThrownBy(() -> evaluation(0.1, new Ibp()).of(function, IMAGES, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("operations of this classifier are not known");
        assertThatThrownBy(() -> TwoSidedEvaluation.requireBounded(function, IMAGES))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("operations of this classifier are not known");
        TwoSidedEvaluation.requireBounded(classifier, IMAGES);
        assertThatThrownBy(() -> evaluation(0.1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no bounds");
    }
}
