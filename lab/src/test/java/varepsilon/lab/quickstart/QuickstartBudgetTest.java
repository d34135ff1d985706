package varepsilon.lab.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import varepsilon.base.Watch;

/** On a clock that stands still unless it is told to go on, with steps that take as long as is said. */
class QuickstartBudgetTest {
    private static final OptionalInt OPEN = OptionalInt.empty();

    private final List<String> said = new ArrayList<>();
    private final FakePace pace = new FakePace();
    private double now = 1000;

    /** All steps in milliseconds. */
    private static final class FakePace implements QuickstartPace {
        private double vae = 20;
        private double standard = 10;
        private double adversarial = 60;
        private int asked;

        @Override
        public double vaeStep() {
            asked++;
            return vae / 1e3;
        }

        @Override
        public double standardStep() {
            asked++;
            return standard / 1e3;
        }

        @Override
        public double adversarialStep() {
            asked++;
            return adversarial / 1e3;
        }

        void slowerBy(double factor) {
            vae *= factor;
            standard *= factor;
            adversarial *= factor;
        }
    }

    private QuickstartBudget budget(double minutes, OptionalInt vae, OptionalInt classifier) {
        return new QuickstartBudget(minutes, vae, classifier, pace, () -> (long) (now * 1e9), said::add);
    }

    @Test
    void aFastMachineTrainsForAllEpochs() throws IOException {
        // VAEs 2 · 0.02 s · (12 · 294 + 60) = 143.5 s; classifiers 4 · (149 · 0.07 + 88 · 0.01) + 976 · 0.01 = 55.0 s.
        QuickstartBudget budget = budget(4, OPEN, OPEN);
        assertThat(budget.vae()).isEqualTo(12);
        now += 140;
        assertThat(budget.classifier()).isEqualTo(4);
        assertThat(said)
                .containsExactly(
                        "Measured: 20 ms a step of a VAE, 10 and 60 ms a step of a classifier, without and with attacks.",
                        "Training each VAE for 12 of at most 12 epochs; all of it is expected to take 3.3 minutes.",
                        "Training each classifier for 4 of at most 4 epochs; this half is expected to take 0.9 minutes.");
    }

    @Test
    void aSlowOneForAsManyAsThereIsTimeFor() throws IOException {
        pace.slowerBy(3);
        // With e and max(1, e/3) epochs 2 · 0.06 · (294 e + 60) + c · 33.93 + 29.28: 5 and 1 take 246.8 s, 4 and 1
        // 211.5.
        QuickstartBudget budget = budget(4, OPEN, OPEN);
        assertThat(budget.vae())
                .as("the most that take no more than nine tenths of 240 s")
                .isEqualTo(4);
        now += 4 * 35.28 + 7.2;
        assertThat(budget.classifier())
                .as("91.7 s are left, of which 82.5 s are planned: 1 takes 63.2 s, 2 take 97.1 s")
                .isEqualTo(1);
        assertThat(said).noneMatch(line -> line.contains("too slow"));
    }

    @Test
    void timeThatIsLeftOverGoesToTheClassifiers() throws IOException {
        pace.slowerBy(3);
        QuickstartBudget budget = budget(4, OPEN, OPEN);
        budget.vae();
        pace.slowerBy(1 / 3.0);
        now += 50;
        assertThat(budget.classifier()).isEqualTo(4);
    }

    @Test
    void aMachineThatBecomesBusyTrainsTheClassifiersForLess() throws IOException {
        QuickstartBudget budget = budget(4, OPEN, OPEN);
        assertThat(budget.vae()).isEqualTo(12);
        pace.slowerBy(2);
        now += 140;
        // 100 s are left, 90 planned: c · 22.62 + 19.52 is 87.4 s for 3, 110.0 for 4.
        assertThat(budget.classifier()).isEqualTo(3);
    }

    @Test
    void whereEvenTheLeastTakesLongerItIsSaid() throws IOException {
        pace.slowerBy(20);
        QuickstartBudget budget = budget(1.5, OPEN, OPEN);
        assertThat(budget.vae()).isEqualTo(1);
        // 2 · 0.4 · 354 + 226.2 + 195.2 = 704.6 s.
        assertThat(said)
                .contains("This machine is too slow or too busy for 1.5 minutes: even so it is expected to take 11.7.");
        assertThat(budget.classifier()).isEqualTo(1);
    }

    @Test
    void whatAPersonChoosesIsNotMeasured() throws IOException {
        QuickstartBudget budget = budget(0.001, OptionalInt.of(30), OptionalInt.of(7));
        assertThat(budget.vae()).isEqualTo(30);
        assertThat(budget.classifier()).isEqualTo(7);
        assertThat(pace.asked).isZero();
        assertThat(said).isEmpty();
    }

    @Test
    void oneGivenNumberLeavesTheRestOfTheTimeToTheOther() throws IOException {
        pace.slowerBy(2);
        // 4 · 22.62 + 19.52 = 110.0 s for the classifiers; with 6 epochs the VAEs take 145.9 s, with 4 98.9, with 3
        // 75.4.
        assertThat(budget(4, OPEN, OptionalInt.of(4)).vae()).isEqualTo(4);
    }

    @Test
    void theFirstStepsOfTheTrainingsAreMeasured() throws IOException {
        Quickstart.Settings settings = new Quickstart.Settings(1600, 1, 1, 1, 100, 42, 1, "cpu");
        // Each look at this clock is a hundredth of a second later.
        long[] looks = {0};
        MeasuredPace measured = new MeasuredPace(settings, Watch.NONE, () -> 10_000_000 * looks[0]++);
        assertThat(measured.vaeStep()).isEqualTo(0.01);
        assertThat(looks[0]).as("3 to warm up and 12").isEqualTo(15);
        assertThat(measured.standardStep()).isEqualTo(0.01);
        assertThat(measured.adversarialStep()).isEqualTo(0.01);
    }

    @Test
    void aMeasurementThatIsStoppedEndsAtOnce() throws IOException {
        Quickstart.Settings settings = new Quickstart.Settings(1600, 1, 1, 1, 100, 42, 1, "cpu");
        long[] looks = {0};
        assertThat(new MeasuredPace(settings, Watch.stopWhen(() -> true), () -> looks[0]++).vaeStep())
                .isZero();
        assertThat(looks[0]).isEqualTo(1);
    }
}
