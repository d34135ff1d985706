package varepsilon.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;

class ScheduleTest {
    private static final double EXACT = 1e-15;

    @Test
    void constantStaysAtTheBaseRate() {
        assertThat(Schedule.constant().factor(0, 10)).isEqualTo(1);
        assertThat(Schedule.constant().factor(9.9, 10)).isEqualTo(1);
    }

    @Test
    void stepDecayFallsAfterEverySoManyEpochs() {
        Schedule schedule = Schedule.stepDecay(7, 0.1);
        assertThat(schedule.factor(0, 30)).isEqualTo(1);
        assertThat(schedule.factor(6.999, 30)).isEqualTo(1);
        assertThat(schedule.factor(7, 30)).isCloseTo(0.1, within(EXACT));
        assertThat(schedule.factor(13.5, 30)).isCloseTo(0.1, within(EXACT));
        assertThat(schedule.factor(29, 30)).isCloseTo(1e-4, within(EXACT));
        assertThatThrownBy(() -> Schedule.stepDecay(0, 0.1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("decayEvery 0");
    }

    @Test
    void cosineFallsFromOneToZero() {
        Schedule schedule = Schedule.cosine();
        assertThat(schedule.factor(0, 20)).isEqualTo(1);
        assertThat(schedule.factor(20 / 3.0, 20)).isCloseTo(0.75, within(EXACT));
        assertThat(schedule.factor(10, 20)).isCloseTo(0.5, within(EXACT));
        assertThat(schedule.factor(20, 20)).isCloseTo(0, within(EXACT));
        assertThat(schedule.factor(25, 20))
                .as("beyond the end it does not rise again")
                .isCloseTo(0, within(EXACT));
    }

    @Test
    void oneCycleClimbsToItsPeakAndFallsToZero() {
        Schedule schedule = Schedule.oneCycle(0.25);
        assertThat(schedule.factor(0, 8)).isEqualTo(0);
        assertThat(schedule.factor(1, 8)).isCloseTo(0.5, within(EXACT));
        assertThat(schedule.factor(2, 8)).isCloseTo(1, within(EXACT));
        assertThat(schedule.factor(5, 8)).isCloseTo(0.5, within(EXACT));
        assertThat(schedule.factor(8, 8)).isEqualTo(0);
        assertThat(schedule.factor(9, 8)).isEqualTo(0);
        for (double peak : new double[] {0, 1, -1, Double.NaN}) {
            assertThatThrownBy(() -> Schedule.oneCycle(peak))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("peak " + peak);
        }
    }

    /** Learning rates before each step, an epoch a step, from PyTorch 1.13's schedulers over a base rate of 1. */
    @Test
    void areThoseOfPyTorch() {
        // StepLR(optimizer, 7, 0.1)
        assertGoesThrough(Schedule.stepDecay(7, 0.1), 30, 1, 1, 1, 1, 1, 1, 1, 0.1, 0.1);
        // CosineAnnealingLR(optimizer, 8)
        assertGoesThrough(
                Schedule.cosine(),
                8,
                1,
                0.9619397662556434,
                0.8535533905932737,
                0.6913417161825449,
                0.5,
                0.30865828381745514,
                0.14644660940672627,
                0.03806023374435664,
                0);
        // CyclicLR(optimizer, 0.0, 1.0, step_size_up=4, step_size_down=6): the linear cycle of fast adversarial
        // training
        assertGoesThrough(
                Schedule.oneCycle(0.4), 10, 0, 0.25, 0.5, 0.75, 1, 5 / 6.0, 2 / 3.0, 0.5, 1 / 3.0, 1 / 6.0, 0);
    }

    private static void assertGoesThrough(Schedule schedule, int epochs, double... factors) {
        for (int epoch = 0; epoch < factors.length; epoch++) {
            assertThat(schedule.factor(epoch, epochs)).as("epoch %d", epoch).isCloseTo(factors[epoch], within(EXACT));
        }
    }
}
