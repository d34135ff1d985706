package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.ScopedTest;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackResult;
import varepsilon.robust.attack.AttackRun;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.Stage;
import varepsilon.robust.attack.StageResult;
import varepsilon.robust.attack.StagedAttack;
import varepsilon.robust.attack.Strongest;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/** On a linear model, FGSM breaks what can be broken; noise and FGSM of half the size break a part of that. */
class StagedTrialTest extends ScopedTest {
    private static final float[] W = {1, -2, 3, -1, 2, -3, 1, -1, 1, -2, 3, -1, 2, -3, 1, -1};
    private static final double B = 0.02;
    private static final ThreatModel LINF = ThreatModel.of(Norm.LINF, 0.03);

    /** The perturbation of FGSM, shortened. */
    private record Part(double share) implements Attack {
        @Override
        public Tensor perturb(Problem problem, Draws draws) {
            return new Fgsm().perturb(problem, draws).mul(share);
        }
    }

    private record Listed(List<Stage> stages, long passes) implements StagedAttack {
        @Override
        public Schedule schedule(Norm norm) {
            return new Schedule() {
                @Override
                public Optional<Stage> next(List<StageResult> done) {
                    return done.size() < stages.size() && passesLeft(done) > 0
                            ? Optional.of(stages.get(done.size()))
                            : Optional.empty();
                }

                @Override
                public long passesLeft(List<StageResult> done) {
                    return passes - done.stream().mapToLong(StageResult::passes).sum();
                }
            };
        }
    }

    private static final List<Stage> STAGES = List.of(
            new Stage("noise", new UniformNoise()), new Stage("half", new Part(0.5)), new Stage("whole", new Fgsm()));

    private static ImageSet images() {
        return Toys.labelledBy(Toys.random(90, 80, 175, 2, 5), W, B);
    }

    private static RobustnessReport report(Attack attack, int batchSize) {
        return new RobustEvaluation(List.of(Trial.untargeted(attack, LINF)), batchSize, 11, Device.CPU)
                .of(Toys.linear(W, B), images());
    }

    /** The images go through in batches of 30; the stop comes in the second stage, at its second batch. */
    @Test
    void aStopWithinABatchKeepsTheBatchesBeforeIt() {
        ImageSet images = images();
        Trial trial = Trial.untargeted(new Listed(STAGES, Long.MAX_VALUE), LINF);
        RobustEvaluation evaluation = new RobustEvaluation(List.of(trial), 30, 11, Device.CPU);
        TrialReport whole = evaluation.of(Toys.linear(W, B), images).trials().get(0);
        boolean[] second = {false};
        int[] calls = {0};
        Classifier counting = pixels -> {
            calls[0] += second[0] ? 1 : 0;
            return Toys.linear(W, B).logits(pixels);
        };
        Watch watch = new Watch() {
            @Override
            public void progress(String what, long done, long all) {
                second[0] |= what.contains("stage 2") && done == 30;
            }

            @Override
            public boolean stopRequested() {
                return calls[0] >= 1;
            }
        };
        RobustnessReport part = evaluation.of(counting, images, watch);
        assertThat(calls[0]).isEqualTo(1);
        assertThat(part.complete()).isFalse();
        assertThat(part.n()).isEqualTo(90);
        List<StageResult> stages = part.trials().get(0).stages();
        assertThat(stages).hasSize(2);
        assertThat(stages.get(0).broken()).isEqualTo(whole.stages().get(0).broken());
        assertThat(stages.get(1).tried()).isEqualTo(30);
        assertThat(stages.get(1).left()).isGreaterThan(30);
        assertThat(stages.get(1).broken()).isBetween(1, whole.stages().get(1).broken());
    }

    @ParameterizedTest
    @ValueSource(ints = {7, 90})
    void eachStageRunsOnWhatIsLeft(int batchSize) {
        TrialReport staged =
                report(new Listed(STAGES, Long.MAX_VALUE), batchSize).trials().get(0);
        boolean[] half = report(new Part(0.5), 90).trials().get(0).robust();
        boolean[] whole = report(new Fgsm(), 90).trials().get(0).robust();
        assertThat(staged.robust()).isEqualTo(whole);
        List<StageResult> stages = staged.stages();
        assertThat(stages).extracting(stage -> stage.stage().name()).containsExactly("noise", "half", "whole");
        assertThat(stages.get(0).left()).isEqualTo(90);
        assertThat(stages.get(1).left()).isEqualTo(90 - stages.get(0).broken());
        int survivingHalf = stages.get(1).surviving();
        assertThat(survivingHalf).isLessThanOrEqualTo(count(half)).isGreaterThan(count(whole));
        assertThat(stages.get(2).surviving()).isEqualTo(count(whole));
        for (StageResult stage : stages) {
            assertThat(stage.tried()).isEqualTo(stage.left());
        }
        // Before and after each stage an image is predicted once; the gradient costs a pass forward and one back.
        assertThat(stages.get(0).passes()).isEqualTo(2L * 90);
        assertThat(stages.get(2).passes()).isEqualTo(4L * survivingHalf);
        assertThat(staged.forwardPasses() + staged.backwardPasses())
                .isEqualTo(stages.stream().mapToLong(StageResult::passes).sum());
    }

    private static int count(boolean[] values) {
        int count = 0;
        for (boolean value : values) {
            count += value ? 1 : 0;
        }
        return count;
    }

    @Test
    void theResultOfAnImageDoesNotDependOnBatchesOrOnOtherStages() {
        Listed staged = new Listed(STAGES, Long.MAX_VALUE);
        List<float[]> small = adversarial(staged, 7);
        List<float[]> large = adversarial(staged, 90);
        for (int i = 0; i < 90; i++) {
            assertThat(small.get(i)).isEqualTo(large.get(i));
        }
        // Random numbers belong to the stage's name, so a stage before does not change them.
        boolean[] alone = report(new Listed(List.of(STAGES.get(0)), Long.MAX_VALUE), 90)
                .trials()
                .get(0)
                .robust();
        Listed after = new Listed(List.of(new Stage("nothing", new Part(0)), STAGES.get(0)), Long.MAX_VALUE);
        assertThat(report(after, 90).trials().get(0).robust()).isEqualTo(alone);
    }

    /** All images in order, as a listener receives them. */
    private static List<float[]> adversarial(Attack attack, int batchSize) {
        List<float[]> all = new ArrayList<>();
        List<Integer> order = new ArrayList<>();
        new RobustEvaluation(List.of(Trial.untargeted(attack, LINF)), batchSize, 11, Device.CPU)
                .of(
                        Toys.linear(W, B),
                        images(),
                        batch -> {
                            AttackResult result = batch.result();
                            Arrays.stream(batch.indices()).forEach(order::add);
                            for (int i = 0; i < batch.indices().length; i++) {
                                all.add(result.adversarial().narrow(0, i, 1).toFloats());
                                boolean moved = result.size()[i] > 0;
                                assertThat(moved).isEqualTo(result.met()[i] && result.correct()[i]);
                            }
                        },
                        varepsilon.base.Watch.NONE);
        assertThat(order).isSorted().hasSize(90);
        return all;
    }

    /** Without an evaluation around it: in one batch, with the same random numbers. */
    @Test
    void inABatchOfItsOwnItFindsTheSame() {
        Listed staged = new Listed(STAGES, Long.MAX_VALUE);
        var batch = varepsilon.data.Batches.of(images(), 90).iterator().next();
        Tensor pixels = batch.pixels(Device.CPU);
        var seed = varepsilon.tensor.Seed.of(11).split("attack").split(staged.name());
        try (Draws draws = Draws.perImage(seed, batch.indices())) {
            AttackResult result = AttackRun.untargeted(Toys.linear(W, B), LINF)
                    .of(staged, pixels, batch.labels(), batch.labels(), draws, new Cost());
            List<float[]> evaluated = adversarial(staged, 90);
            for (int i = 0; i < 90; i++) {
                if (result.met()[i]) {
                    assertThat(result.adversarial().narrow(0, i, 1).toFloats()).isEqualTo(evaluated.get(i));
                }
            }
            assertThat(count(result.met())).isPositive();
        }
    }

    @Test
    void aBudgetEndsBetweenBatches() {
        // Noise costs 2 passes an image: 7 images a batch, 14 passes each, and after the third 40 are exceeded.
        TrialReport report = report(new Listed(STAGES, 40), 7).trials().get(0);
        assertThat(report.stages()).hasSize(1);
        assertThat(report.stages().get(0).tried()).isEqualTo(21);
        assertThat(report.stages().get(0).left()).isEqualTo(90);
        assertThat(count(report.robust())).isGreaterThanOrEqualTo(90 - 21);
    }

    @Test
    void strongestFindsAllThatCanBeFound() {
        TrialReport strongest = report(new Strongest(), 90).trials().get(0);
        assertThat(strongest.robust())
                .isEqualTo(report(new Fgsm(), 90).trials().get(0).robust());
        assertThat(report(Pgd.ofSteps(10), 90).trials().get(0).stages()).isEmpty();
    }

    /** Whatever few images are left, each usual attack has run when it ends, and a search without chance only once. */
    @Test
    void strongestEndsWhenTheUsualAttacksHaveRun() {
        StagedAttack.Schedule schedule = new Strongest().schedule(Norm.LINF);
        List<StageResult> done = new ArrayList<>();
        int left = 9;
        for (Optional<Stage> next = schedule.next(done); next.isPresent(); next = schedule.next(done)) {
            done.add(new StageResult(next.get(), left, left, 0, 100, 100, 1));
            assertThat(done).hasSizeLessThan(50);
        }
        List<String> names = done.stream().map(stage -> stage.stage().name()).toList();
        assertThat(names)
                .contains("apgd-20-margin", "apgd-ce", "apgd-dlr", "apgd-t1", "apgd-t2", "apgd-t3", "square-1000")
                .contains("fab-t1", "fab-t2", "fab-t3")
                .doesNotHaveDuplicates()
                .noneMatch(name -> name.startsWith("fab") && name.contains("again"));
        assertThat(schedule.untested(done)).contains("apgd-t9").doesNotContainAnyElementsOf(names);
        // What broke an image is repeated, and what costs next to nothing by now is tried.
        done.clear();
        int two = 2;
        for (Optional<Stage> next = schedule.next(done); next.isPresent(); next = schedule.next(done)) {
            boolean breaks = next.get().name().equals("square-1000");
            done.add(new StageResult(next.get(), two, two, breaks ? 1 : 0, 100_000, 0, 1));
            two -= breaks ? 1 : 0;
            assertThat(done).hasSizeLessThan(50);
        }
        assertThat(done).extracting(stage -> stage.stage().name()).contains("square-1000 again 1", "apgd-t9");
    }

    /** What breaks many images is repeated before what broke none, and the search goes on as long as that lasts. */
    @Test
    void strongestRepeatsWhatBreaksMost() {
        StagedAttack.Schedule schedule = new Strongest().schedule(Norm.LINF);
        List<StageResult> done = new ArrayList<>();
        int left = 1000;
        for (int i = 0; i < 30 && left > 0; i++) {
            Optional<Stage> next = schedule.next(done);
            assertThat(next).isPresent();
            int broken = next.get().name().startsWith("apgd-t2") ? Math.min(left, 100) : 0;
            done.add(new StageResult(next.get(), left, left, broken, 100, 100, 1));
            left -= broken;
        }
        assertThat(done.stream().filter(stage -> stage.stage().name().startsWith("apgd-t2")))
                .hasSizeGreaterThan(5);
    }
}
