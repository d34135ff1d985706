package varepsilon.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

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
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("every 0");
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
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("peak " + peak);
        }
    }
}
