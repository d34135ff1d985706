package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Apgd;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.AutoAttack;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.SignNoise;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

class RobustEvaluationTest {
    private static final float[] W = weights(16, 3);
    private static final double B = 0.02;

    /** With sum 0, so that no class has an advantage on images of any brightness. */
    private static float[] weights(int dimensions, long seed) {
        Random random = new Random(seed);
        float[] w = new float[dimensions];
        for (int i = 0; i < dimensions; i++) {
            w[i] = (float) random.nextGaussian();
        }
        float mean = (float) sum(w) / dimensions;
        for (int i = 0; i < dimensions; i++) {
            w[i] -= mean;
        }
        return w;
    }

    private static double sum(float[] w) {
        double sum = 0;
        for (float value : w) {
            sum += value;
        }
        return sum;
    }

    /** The norm of w that is dual to the named one: how much a perturbation of size 1 can change w·x. */
    private static double dual(String norm, float[] w) {
        double result = 0;
        for (float value : w) {
            double size = Math.abs(value);
            result = switch (norm) {
                case "linf" -> result + size;
                case "l2" -> Math.hypot(result, size);
                default -> Math.max(result, size);
            };
        }
        return result;
    }

    private static RobustEvaluation evaluation(int batchSize, Trial... trials) {
        return new RobustEvaluation(List.of(trials), batchSize, 11, Device.CPU);
    }

    private static Trial trial(String norm, double epsilon) {
        return Trial.untargeted(new Fgsm(), ThreatModel.of(Norm.named(norm), epsilon));
    }

    private static Trial pgd(double epsilon) {
        return Trial.untargeted(Pgd.ofSteps(10), ThreatModel.of(Norm.LINF, epsilon));
    }

    /** Where the box is far away, a linear classifier keeps an image if its margin exceeds ε times the dual norm. */
    @ParameterizedTest
    @CsvSource({"linf, 0.02", "l2, 0.08", "l1, 0.2"})
    void eachImageOfALinearClassifierIsRobustIfItsMarginIsLargeEnough(String norm, double epsilon) {
        ImageSet images = Toys.labelledBy(Toys.random(300, 80, 175, 2, 5), W, B);
        Trial fgsm = trial(norm, epsilon);
        Trial pgd = Trial.untargeted(Pgd.ofSteps(10).withRandomStart(false), fgsm.threat());
        RobustnessReport report = evaluation(64, fgsm, pgd).of(Toys.linear(W, B), images);

        double reach = epsilon * dual(norm, W);
        int robust = 0;
        for (int i = 0; i < images.size(); i++) {
            double margin = Math.abs(Toys.score(images, i, W, B));
            if (Math.abs(margin - reach) > 1e-4) { // else rounding decides
                assertThat(report.trials().get(0).robust()[i]).isEqualTo(margin > reach);
                assertThat(report.trials().get(1).robust()[i]).isEqualTo(margin > reach);
            }
            robust += margin > reach ? 1 : 0;
        }
        assertThat(robust).as("robust images").isBetween(30, 270);
        assertThat(report.clean()).isEqualTo(new Accuracy(300, 300));
        assertThat(report.trials().get(0).maxPerturbation()).isCloseTo(epsilon, within(1e-6));
        assertThat(report.notes()).isEmpty();
        assertThat(tripped(report)).isEmpty();
        assertThat(report.complete()).isTrue();
    }

    /** x = ½ + y·μ + σ·n, y = ±1: robust accuracy is Φ((w·μ − ε‖w‖)/(σ‖w‖₂)) with the dual norm of w. */
    @ParameterizedTest
    @CsvSource({"linf, 0.02", "l2, 0.07", "l1, 0.15"})
    void robustAccuracyOfAGaussianMixture(String norm, double epsilon) {
        int n = 4000;
        double sigma = 0.08;
        float[] mu = new float[16];
        for (int d = 0; d < 16; d++) {
            mu[d] = 0.03f * Math.signum(W[d]);
        }
        Random random = new Random(2);
        byte[] pixels = new byte[n * 16];
        int[] labels = random.ints(n, 0, 2).toArray();
        for (int i = 0; i < pixels.length; i++) {
            double x = 0.5 + (2 * labels[i / 16] - 1) * mu[i % 16] + sigma * random.nextGaussian();
            pixels[i] = (byte) Math.round(255 * Math.min(1, Math.max(0, x)));
        }
        RobustnessReport report =
                evaluation(1000, trial(norm, epsilon)).of(Toys.linear(W, B), Toys.images(pixels, 1, 4, 4, labels, 2));

        double wMu = 0.03 * dual("linf", W);
        double spread = sigma * dual("l2", W);
        NormalDistribution phi = NormalDistribution.of(0, 1);
        double clean = phi.cumulativeProbability(wMu / spread);
        double robust = phi.cumulativeProbability((wMu - epsilon * dual(norm, W)) / spread);
        // Three and a half standard errors of a share of 4000, at most 0.0277.
        assertThat(report.clean().rate()).isCloseTo(clean, within(3.5 * Math.sqrt(clean * (1 - clean) / n)));
        assertThat(report.trials().get(0).accuracy().rate())
                .isCloseTo(robust, within(3.5 * Math.sqrt(robust * (1 - robust) / n)));
        assertThat(clean - robust).isGreaterThan(0.1);
    }

    @Test
    void theWorstCaseIsWhatEveryTrialLeaves() {
        float[][] w = {weights(16, 1), weights(16, 2), weights(16, 3)};
        ImageSet images = Toys.random(120, 0, 255, 3, 9);
        Trial signs = Trial.untargeted(new SignNoise(), ThreatModel.of(Norm.LINF, 0.2));
        Trial uniform = Trial.untargeted(new UniformNoise(), ThreatModel.of(Norm.LINF, 0.35));
        RobustnessReport report =
                evaluation(50, signs, uniform, trial("l1", 0.02)).of(Toys.linear(w), images);

        boolean[] worst = report.worstCase();
        for (int i = 0; i < images.size(); i++) {
            boolean all = report.correct()[i];
            for (TrialReport trial : report.trials()) {
                all = all && trial.robust()[i];
                assertThat(trial.robust()[i])
                        .isEqualTo(report.correct()[i] && trial.predictions()[i] == images.label(i));
            }
            assertThat(worst[i]).isEqualTo(all);
        }
        assertThat(report.worstCaseAccuracy()).isEqualTo(Accuracy.of(worst));
        assertThat(report.trials())
                .allSatisfy(trial -> assertThat(trial.accuracy().correct())
                        .isBetween(
                                report.worstCaseAccuracy().correct(),
                                report.clean().correct()));
        assertThat(report.worstCaseAccuracy().correct())
                .isLessThan(report.trials().stream()
                        .mapToInt(trial -> trial.accuracy().correct())
                        .min()
                        .orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 50, 1000})
    void theSizeOfBatchesChangesNothing(int batchSize) {
        ImageSet images = Toys.random(53, 0, 255, 2, 4);
        Trial fgsm = trial("linf", 0.03);
        Trial pgd = Trial.untargeted(Pgd.ofSteps(5).withRandomStart(false), fgsm.threat());
        Trial noise = Trial.untargeted(new UniformNoise(), ThreatModel.of(Norm.L1, 0.3));
        Trial starts = Trial.untargeted(
                Pgd.ofSteps(1).withStepSize(StepSize.relative(0.2)).withRestarts(3), fgsm.threat());
        Trial[] trials = {fgsm, pgd, noise, starts};
        RobustnessReport whole = evaluation(53, trials).of(Toys.linear(W, B), images);
        RobustnessReport parts = evaluation(batchSize, trials).of(Toys.linear(W, B), images);

        assertThat(parts.correct()).isEqualTo(whole.correct());
        assertThat(parts.predictions()).isEqualTo(whole.predictions());
        for (int t = 0; t < trials.length; t++) {
            assertThat(parts.trials().get(t).robust())
                    .isEqualTo(whole.trials().get(t).robust());
            assertThat(parts.trials().get(t).backwardPasses())
                    .isEqualTo(whole.trials().get(t).backwardPasses());
        }
    }

    @Test
    void randomnessDependsOnTheSeedAndTheAttackAlone() {
        ImageSet images = Toys.random(90, 0, 255, 2, 4);
        Classifier classifier = Toys.linear(W, B);
        Trial noise = Trial.untargeted(new UniformNoise(), ThreatModel.of(Norm.LINF, 0.2));
        Trial pgd = Trial.untargeted(
                new Pgd(1, StepSize.relative(0.2), 1, true, 0, AttackLoss.CROSS_ENTROPY),
                ThreatModel.of(Norm.LINF, 0.06));
        RobustnessReport one = evaluation(40, noise, pgd).of(classifier, images);
        RobustnessReport turned = evaluation(40, pgd, trial("l2", 0.1), noise).of(classifier, images);
        RobustnessReport reseeded =
                new RobustEvaluation(List.of(noise, pgd), 40, 12, Device.CPU).of(classifier, images);

        assertThat(turned.trials().get(2).predictions())
                .isEqualTo(one.trials().get(0).predictions());
        assertThat(turned.trials().get(0).predictions())
                .isEqualTo(one.trials().get(1).predictions());
        assertThat(turned.trials().get(2).maxPerturbation())
                .isEqualTo(one.trials().get(0).maxPerturbation());
        assertThat(reseeded.trials().get(0).predictions())
                .isNotEqualTo(one.trials().get(0).predictions());
    }

    /** Two batches of the same images meet different noise. */
    @Test
    void eachBatchHasNoiseOfItsOwn() {
        List<float[]> found = new ArrayList<>();
        evaluation(2, Trial.untargeted(new UniformNoise(), ThreatModel.of(Norm.LINF, 0.1)))
                .of(
                        Toys.byMean(mean -> mean.sub(1)),
                        Toys.flat(4, 100),
                        batch -> found.add(batch.result().adversarial().toFloats()),
                        Watch.NONE);

        assertThat(found).hasSize(2);
        assertThat(found.get(0)).isNotEqualTo(found.get(1));
    }

    @Test
    void passesAreCountedByTheImage() {
        ImageSet images = Toys.labelledBy(Toys.random(50, 80, 175, 2, 6), W, B);
        // Every second image is wrong from the start, and left alone.
        int[] labels = images.labels();
        byte[] pixels = new byte[50 * 16];
        for (int i = 0; i < 50; i++) {
            System.arraycopy(images.image(i), 0, pixels, i * 16, 16);
            labels[i] = i % 2 == 0 ? labels[i] : 1 - labels[i];
        }
        RobustnessReport report =
                evaluation(20, trial("linf", 1e-3)).of(Toys.linear(W, B), Toys.images(pixels, 1, 4, 4, labels, 2));
        TrialReport fgsm = report.trials().get(0);

        assertThat(report.clean().correct()).isEqualTo(25);
        assertThat(fgsm.backwardPasses()).isEqualTo(25);
        // All before; those that are right for the gradient, and after.
        assertThat(fgsm.forwardPasses()).isEqualTo(50 + 25 + 25);
        assertThat(fgsm.seconds()).isPositive();
        for (int i = 1; i < 50; i += 2) {
            assertThat(fgsm.robust()[i]).isFalse();
            assertThat(fgsm.predictions()[i]).isEqualTo(report.predictions()[i]);
        }
    }

    @Test
    void aWatchFollowsAndTensorsAreFreedAfterwards() {
        ImageSet images = Toys.random(25, 0, 255, 2, 4);
        RobustEvaluation evaluation = evaluation(10, trial("linf", 0.01), trial("l2", 0.01));
        List<Long> done = new ArrayList<>();
        List<AttackedBatch> batches = new ArrayList<>();
        Watch progress = (what, now, total) -> {
            done.add(now);
            assertThat(total).isEqualTo(evaluation.work(images)).isEqualTo(75);
        };
        Consumer<AttackedBatch> sink = batch -> {
            batches.add(batch);
            assertThat(batch.pixels().shape())
                    .isEqualTo(batch.result().adversarial().shape());
            assertThat(batch.labels().toLongs())
                    .isEqualTo(Arrays.stream(batch.indices())
                            .mapToLong(images::label)
                            .toArray());
        };
        evaluation.of(Toys.linear(W, B), images, sink, progress);

        assertThat(done).containsExactly(0L, 10L, 20L, 30L, 40L, 50L, 60L, 65L, 70L, 75L);
        assertThat(batches).extracting(AttackedBatch::trial).containsExactly(0, 1, 0, 1, 0, 1);
        assertThat(batches.get(5).indices()).containsExactly(20, 21, 22, 23, 24);
        assertThat(batches)
                .allSatisfy(batch -> assertThat(batch.pixels().isClosed()
                                && batch.result().adversarial().isClosed())
                        .isTrue());
    }

    /** After so many passes through the classifier, in the middle of an attack or at the end of a batch. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStopLeavesTheImagesDoneSoFar(boolean withinABatch) {
        ImageSet images = Toys.random(25, 0, 255, 2, 4);
        RobustEvaluation evaluation = evaluation(10, pgd(0.02), trial("l2", 0.1));
        AtomicInteger calls = new AtomicInteger();
        Classifier counting = pixels -> {
            calls.incrementAndGet();
            return Toys.linear(W, B).logits(pixels);
        };
        evaluation.of(counting, images.limit(20));
        int stopAfter = calls.getAndSet(0) + (withinABatch ? 3 : 0);
        RobustnessReport whole = evaluation.of(Toys.linear(W, B), images);
        RobustnessReport part = evaluation.of(counting, images, Watch.stopWhen(() -> calls.get() >= stopAfter));

        assertThat(calls.get()).isBetween(stopAfter, stopAfter + 2);
        assertThat(part.complete()).isFalse();
        assertThat(part.n()).isEqualTo(20);
        assertThat(part.correct()).isEqualTo(Arrays.copyOf(whole.correct(), 20));
        for (int t = 0; t < 2; t++) {
            assertThat(part.trials().get(t).robust())
                    .isEqualTo(Arrays.copyOf(whole.trials().get(t).robust(), 20));
        }
        assertThat(part.worstCase()).hasSize(20);
    }

    @Test
    void aStopBeforeTheFirstBatchLeavesNoImageAndOneAfterTheLastLeavesAll() {
        ImageSet images = Toys.random(25, 0, 255, 2, 4);
        RobustEvaluation evaluation = evaluation(10, pgd(0.02));
        RobustnessReport none = evaluation.of(Toys.linear(W, B), images, Watch.stopWhen(() -> true));
        assertThat(none.n()).isZero();
        assertThat(none.complete()).isFalse();
        assertThat(none.trials()).hasSize(1);
        AtomicLong done = new AtomicLong();
        Watch atTheEnd = new Watch() {
            @Override
            public void progress(String what, long finished, long all) {
                done.set(finished);
            }

            @Override
            public boolean stopRequested() {
                return done.get() == 50;
            }
        };
        assertThat(evaluation.of(Toys.linear(W, B), images, atTheEnd).complete())
                .isTrue();
        assertThat(done.get()).isEqualTo(50);
    }

    @ParameterizedTest
    @CsvSource({"2, is the margin", "3, takes the third for the fourth", "4, ''"})
    void fewerClassesThanALossIsMadeForAreNoted(int classes, String note) {
        Classifier few = pixels -> Tensor.zeros(DType.FLOAT32, pixels.size(0), classes)
                .add(pixels.mean(1, 2, 3).unsqueeze(1));
        Trial plain = Trial.untargeted(new Apgd().withLoss(AttackLoss.DLR), ThreatModel.of(Norm.LINF, 0.01));
        Trial towards =
                Trial.untargeted(new Apgd().withLoss(AttackLoss.DLR).withTargets(1), ThreatModel.of(Norm.LINF, 0.01));
        RobustnessReport report = evaluation(8, plain, towards, pgd(0.01)).of(few, Toys.flat(4, 1));
        int noted = classes < 4 ? 1 : 0; // of two classes by both attacks, in the same words
        assertThat(report.notes())
                .hasSize(noted)
                .allSatisfy(one -> assertThat(one)
                        .startsWith("apgd")
                        .contains("the classifier has " + classes + " classes", note));
    }

    /** In an attack, in a stage, and between two stages. */
    @ParameterizedTest
    @ValueSource(strings = {"pgd", "stage 2", "end of stage 1"})
    void workWithoutPartialResultsThrowsAtAStop(String where) {
        ImageSet images = Toys.random(25, 0, 255, 2, 4);
        boolean[] reached = {false};
        Watch watch = new Watch() {
            @Override
            public void progress(String what, long done, long all) {
                reached[0] |= switch (where) {
                    case "pgd" -> done == 20;
                    case "stage 2" -> what.contains("stage 2");
                    default -> what.contains("stage 1") && done == all;
                };
            }

            @Override
            public boolean stopRequested() {
                return reached[0];
            }
        };
        Trial trial =
                where.equals("pgd") ? pgd(0.02) : Trial.untargeted(new AutoAttack(), ThreatModel.of(Norm.LINF, 0.0001));
        assertThatThrownBy(() -> evaluation(10, trial).of(Toys.linear(W, B), images, watch.throwing()))
                .isInstanceOf(StoppedException.class);
    }

    @Test
    void withoutTrialsItIsCleanAccuracy() {
        ImageSet images = Toys.labelledBy(Toys.random(30, 0, 255, 2, 4), W, B);
        RobustnessReport report = evaluation(8).of(Toys.linear(W, B), images);

        assertThat(report.clean()).isEqualTo(new Accuracy(30, 30));
        assertThat(report.worstCaseAccuracy()).isEqualTo(report.clean());
        assertThat(report.predictions()).isEqualTo(images.labels());
    }

    @Test
    void anImageOfTheClassThatIsWantedStaysCorrect() {
        float[][] w = {weights(16, 1), weights(16, 2), weights(16, 3)};
        byte[] pixels = new byte[60 * 16];
        ImageSet unlabelled = Toys.random(60, 60, 195, 3, 8);
        int[] labels = evaluation(60).of(Toys.linear(w), unlabelled).predictions();
        for (int i = 0; i < 60; i++) {
            System.arraycopy(unlabelled.image(i), 0, pixels, i * 16, 16);
        }
        Trial wanted = Trial.targeted(Pgd.ofSteps(20), ThreatModel.of(Norm.LINF, 1), label -> 2);
        RobustnessReport report = evaluation(16, wanted).of(Toys.linear(w), Toys.images(pixels, 1, 4, 4, labels, 3));

        assertThat(Arrays.stream(labels).distinct().count()).isEqualTo(3);
        assertThat(report.trials().get(0).predictions()).containsOnly(2);
        for (int i = 0; i < 60; i++) {
            assertThat(report.trials().get(0).robust()[i]).isEqualTo(labels[i] == 2);
        }
    }

    @Test
    void worksWithAThousandClasses() {
        float[][] w = new float[1000][];
        Arrays.setAll(w, k -> weights(16, k));
        RobustnessReport report =
                evaluation(16, trial("linf", 0.05)).of(Toys.linear(w), Toys.random(20, 0, 255, 1000, 1));

        assertThat(report.n()).isEqualTo(20);
        assertThat(Arrays.stream(report.predictions()).max().orElseThrow()).isGreaterThan(2);
    }

    @Test
    void notesSayWhatAReaderMustKnow() {
        ImageSet images = Toys.labelledBy(Toys.random(40, 80, 175, 2, 6), W, B);
        Classifier linear = Toys.linear(W, B);
        Random random = new Random(1);
        Classifier tossed =
                pixels -> linear.logits(pixels).add(Tensor.of(new float[] {0, (float) random.nextGaussian()}, 1, 2));

        assertThat(tripped(evaluation(16).of(pixels -> linear.logits(pixels).softmax(1), images)))
                .containsExactly("probabilities");
        assertThat(evaluation(16, trial("linf", 1)).of(linear, images).notes())
                .singleElement()
                .asString()
                .startsWith("fgsm linf 1.0: ε is as large as the box");
        assertThat(evaluation(16, trial("linf", 0.999)).of(linear, images).notes())
                .isEmpty();
        assertThat(evaluation(16, trial("l2", 4)).of(linear, images).notes()).hasSize(1);
        assertThat(tripped(evaluation(16, trial("linf", 0.01)).of(tossed, images)))
                .contains("random-model");
        assertThat(evaluation(16, trial("linf", 8)).of(linear, images).notes())
                .singleElement()
                .asString()
                .endsWith("; did you mean 8/255?");
    }

    private static List<String> tripped(RobustnessReport report) {
        return report.checks().stream().filter(Check::tripped).map(Check::name).toList();
    }

    @Test
    void refusesWhatCannotBeMeasured() {
        ImageSet images = Toys.random(10, 0, 255, 4, 3);
        ImageSet unlabelled = ImageSet.unlabelled("plain", new byte[32], 1, 4, 4);
        Classifier linear = Toys.linear(W, B);

        assertThatThrownBy(() -> evaluation(4).of(linear, unlabelled))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("plain has no labels");
        assertThatThrownBy(() -> evaluation(4).of(linear, images))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("toys has the label")
                .hasMessageContaining("classes 0 to 1");
        assertThatThrownBy(() ->
                        evaluation(4).of(pixels -> linear.logits(pixels).mul(Double.NaN), images))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not finite");
        assertThatThrownBy(() -> evaluation(0))
                .isInstanceOf(InputException.class)
                .hasMessage("batch size 0: expected at least 1");
    }
}
