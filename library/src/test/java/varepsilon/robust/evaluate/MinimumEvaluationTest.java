package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.DecoupledDirectionNorm;
import varepsilon.robust.attack.DeepFool;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.FastAdaptiveBoundary;
import varepsilon.robust.attack.FastMinimumNorm;
import varepsilon.robust.attack.MinimumAttack;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Problem;
import varepsilon.stats.Interval;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

class MinimumEvaluationTest extends ScopedTest {
    private static final double INFINITE = Double.POSITIVE_INFINITY;

    /** Logits 0 and mean − 0.5: the L∞ distance of an image of one level is how far that is from 0.5. */
    private static final Classifier BRIGHT = Toys.byMean(mean -> mean.sub(0.5));

    /** Images of one level each, of class 0: right below 128. */
    private static ImageSet levels(int... levels) {
        byte[] pixels = new byte[levels.length * 16];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) levels[i / 16];
        }
        return Toys.images(pixels, 1, 4, 4, new int[levels.length], 2);
    }

    /** Moves every pixel by the same amount, where that is enough. */
    private record Brighter(double step) implements MinimumAttack {
        @Override
        public Smallest minimise(Problem problem, double enough, Draws draws) {
            Tensor delta = problem.pixels().zerosLike().add(step);
            Tensor met = problem.isMet(delta);
            long[] flags = met.to(varepsilon.tensor.DType.INT64).toLongs();
            Tensor mask = Tensor.of(flags, flags.length, 1, 1, 1).gt(0);
            return new Smallest(delta.where(mask, delta.zerosLike()), met);
        }
    }

    private static MinimumReport run(Classifier classifier, ImageSet images, int batch, MinimumAttack... attacks) {
        return new MinimumEvaluation(List.of(attacks), Norm.LINF, batch, 1, Device.CPU).of(classifier, images);
    }

    @Test
    void sizesAccuraciesAndQuantilesAreThoseOfTheDistances() {
        // Distances 0.1, 0.3, misclassified, 0.2, 0.5 in levels of 255.
        ImageSet images = levels(102, 51, 204, 76, 0);
        MinimumReport report = run(BRIGHT, images, 2, new DeepFool(), new FastAdaptiveBoundary());
        double[] expected = {0.1, 0.3, 0, 0.5 - 76 / 255.0, 0.5};
        for (int i = 0; i < expected.length; i++) {
            assertThat(report.sizes()[i]).isBetween(expected[i] - 1e-6, expected[i] * 1.002);
        }
        assertThat(report.correct()).containsExactly(true, true, false, true, true);
        assertThat(report.n()).isEqualTo(5);
        assertThat(report.clean().correct()).isEqualTo(4);
        assertThat(report.accuracyAt(0).correct()).isEqualTo(4);
        assertThat(report.accuracyAt(0.25).correct()).isEqualTo(2);
        assertThat(report.accuracyAt(0.25).interval()).isEqualTo(Interval.ofShare(2, 5));
        assertThat(report.accuracyAt(0.51).correct()).isZero();
        double[] sorted = {report.sizes()[0], report.sizes()[3], report.sizes()[1], report.sizes()[4]};
        assertThat(report.median()).isCloseTo((sorted[1] + sorted[2]) / 2, within(1e-15));
        assertThat(report.quantiles())
                .extracting(MinimumReport.Quantile::share)
                .containsExactly(0.1, 0.25, 0.5, 0.75, 0.9);
        assertThat(report.quantiles().get(1).size()).isCloseTo(0.25 * sorted[0] + 0.75 * sorted[1], within(1e-15));
        assertThat(report.complete()).isTrue();
        assertThat(report.notes()).isEmpty();
    }

    @Test
    void eachImageCountsTheBestAttack() {
        ImageSet images = levels(102, 51, 204, 25);
        MinimumReport report = run(BRIGHT, images, 4, new Brighter(0.11), new Brighter(0.35), new Brighter(0.01));
        assertThat(report.sizes()).containsExactly(new double[] {0.11, 0.35, 0, INFINITE}, within(1e-6));
        assertThat(report.attacks().get(0).sizes())
                .containsExactly(new double[] {0.11, INFINITE, 0, INFINITE}, within(1e-6));
        assertThat(report.attacks().get(1).sizes())
                .containsExactly(new double[] {0.35, 0.35, 0, INFINITE}, within(1e-6));
        // ε₀ = 0.35: of 0.24 that the envelope gains before, all is the first attack's and nothing the second's.
        assertThat(report.attacks().get(0).optimality()).isCloseTo(1, within(1e-6));
        assertThat(report.attacks().get(1).optimality()).isCloseTo(0, within(1e-6));
        assertThat(report.attacks().get(2).optimality()).isZero();
        assertThat(report.attacks().get(2).median()).isInfinite();
        assertThat(report.median()).isCloseTo(0.35, within(1e-6));
        assertThat(report.attacks().get(0).accuracyAt(0.2).correct()).isEqualTo(2);
        assertThat(report.attacks().get(0).name()).isEqualTo("Brighter");
        // Once for all, the search for the three that are right, and their check.
        assertThat(report.attacks().get(0).forwardPasses()).isEqualTo(4 + 3 + 3);
        assertThat(report.attacks().get(0).backwardPasses()).isZero();
    }

    /** By hand: sizes 1, 2, 3 of the best; the curve of the other lies above it by 0.5 for one of three images. */
    @Test
    void optimalityIsTheAreaUnderWhatCouldBeGained() {
        double[] best = {1, 2, 3, 0};
        assertThat(MinimumReport.optimality(best, best)).isEqualTo(1);
        assertThat(MinimumReport.optimality(new double[] {1, 2.5, 3, 0}, best)).isCloseTo(2.5 / 3, within(1e-15));
        assertThat(MinimumReport.optimality(new double[] {1, 2, INFINITE, 0}, best))
                .isEqualTo(1);
        assertThat(MinimumReport.optimality(new double[] {INFINITE, INFINITE, INFINITE, 0}, best))
                .isZero();
        // Integrated numerically, from its definition.
        double[] sizes = {1.7, 2.2, 7, 0};
        double attack = 0;
        double envelope = 0;
        int points = 30_000;
        for (int i = 0; i < points; i++) {
            double epsilon = (i + 0.5) * 3 / points;
            attack +=
                    (0.75 - Arrays.stream(sizes).filter(size -> size > epsilon).count() / 4.0) * 3 / points;
            envelope +=
                    (0.75 - Arrays.stream(best).filter(size -> size > epsilon).count() / 4.0) * 3 / points;
        }
        assertThat(MinimumReport.optimality(sizes, best)).isCloseTo(attack / envelope, within(1e-4));
    }

    @Test
    void optimalityWhereNothingCanBeGained() {
        assertThat(MinimumReport.optimality(new double[] {INFINITE, 0}, new double[] {INFINITE, 0}))
                .isZero();
        assertThat(MinimumReport.optimality(new double[] {2, 2}, new double[] {2, 2}))
                .isEqualTo(1);
        assertThat(MinimumReport.optimality(new double[] {2, 3}, new double[] {2, 2}))
                .isZero();
    }

    @Test
    void batchSizeOrderAndOtherAttacksChangeNothing() {
        ImageSet images = levels(102, 51, 204, 76, 0, 90, 13);
        MinimumAttack fab = FastAdaptiveBoundary.of(5, 2, 0);
        MinimumReport all = run(BRIGHT, images, 7, fab, new FastMinimumNorm(10, 1, 0.05));
        MinimumReport few = run(BRIGHT, images, 3, new DeepFool(), new FastMinimumNorm(10, 1, 0.05), fab);
        assertThat(few.attacks().get(2).sizes()).isEqualTo(all.attacks().get(0).sizes());
        assertThat(few.attacks().get(1).sizes()).isEqualTo(all.attacks().get(1).sizes());
    }

    @Test
    void aStopEndsAfterABatchAndProgressCountsEveryAttack() {
        ImageSet images = levels(102, 51, 204, 76, 0);
        List<Long> seen = new ArrayList<>();
        Watch watch = new Watch() {
            @Override
            public void progress(String what, long done, long total) {
                seen.add(done);
                assertThat(total).isEqualTo(10);
            }

            @Override
            public boolean stopRequested() {
                return seen.contains(4L);
            }
        };
        MinimumReport report = new MinimumEvaluation(
                        List.of(new DeepFool(), new Brighter(0.2)), Norm.LINF, 2, 1, Device.CPU)
                .of(BRIGHT, images, watch);
        assertThat(seen).containsExactly(0L, 2L, 4L);
        assertThat(report.n()).isEqualTo(2);
        assertThat(report.complete()).isFalse();
        assertThat(report.attacks().get(0).sizes()).hasSize(2);
    }

    /** The first attack of the second batch is done, and not counted: its batch is not. */
    @Test
    void aStopWithinABatchLeavesTheBatchesBeforeIt() {
        ImageSet images = levels(102, 51, 204, 76, 0);
        AtomicInteger calls = new AtomicInteger();
        long[] done = {0};
        Classifier counting = pixels -> {
            calls.addAndGet(done[0] == 6 ? 1 : 0);
            return BRIGHT.logits(pixels);
        };
        Watch watch = new Watch() {
            @Override
            public void progress(String what, long finished, long total) {
                done[0] = finished;
            }

            @Override
            public boolean stopRequested() {
                return calls.get() >= 1;
            }
        };
        MinimumEvaluation evaluation =
                new MinimumEvaluation(List.of(new DeepFool(), new Brighter(0.2)), Norm.LINF, 2, 1, Device.CPU);
        MinimumReport report = evaluation.of(counting, images, watch);
        assertThat(calls.get()).isEqualTo(1);
        assertThat(report.n()).isEqualTo(2);
        assertThat(report.complete()).isFalse();
        assertThat(report.attacks().get(0).sizes())
                .isEqualTo(Arrays.copyOf(
                        evaluation.of(BRIGHT, images).attacks().get(0).sizes(), 2));
        calls.set(0);
        done[0] = 0;
        assertThatThrownBy(() -> evaluation.of(counting, images, watch.throwing()))
                .isInstanceOf(StoppedException.class);
    }

    @Test
    void itOpensItsOwnScopes() throws Exception {
        List<MinimumReport> reports = new ArrayList<>();
        Thread bare = new Thread(() -> reports.add(run(BRIGHT, levels(102, 51, 76), 2, new DeepFool())));
        bare.start();
        bare.join();
        assertThat(reports).hasSize(1);
        assertThat(reports.get(0).n()).isEqualTo(3);
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThatThrownBy(() -> new MinimumEvaluation(List.of(), Norm.L2, 1, 1, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no attack");
        assertThatThrownBy(() -> new MinimumEvaluation(List.of(new DeepFool()), Norm.L2, 0, 1, Device.CPU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("batch size 0");
        assertThatThrownBy(() -> run(BRIGHT, levels(1), 1, new DecoupledDirectionNorm()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("ddn has no norm linf");
    }
}
