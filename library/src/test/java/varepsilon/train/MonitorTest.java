package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MonitorTest {
    private static final double NAN = Double.NaN;

    private static List<EpochResult> history(double... values) {
        List<EpochResult> history = new ArrayList<>();
        for (double value : values) {
            history.add(new EpochResult(history.size(), history.size() + 1L, 0, Map.of(), Map.of("m", value)));
        }
        return history;
    }

    @Test
    void betterIsWhatItsDirectionSays() {
        Monitor smallest = Monitor.smallest("m");
        Monitor largest = Monitor.largest("m");
        assertThat(smallest.isBetter(1, 2)).isTrue();
        assertThat(smallest.isBetter(2, 1)).isFalse();
        assertThat(largest.isBetter(2, 1)).isTrue();
        assertThat(largest.isBetter(1, 2)).isFalse();
        for (Monitor monitor : List.of(smallest, largest)) {
            assertThat(monitor.isBetter(1, 1)).as("the first of equals stays").isFalse();
            assertThat(monitor.isBetter(1, NAN)).isTrue();
            assertThat(monitor.isBetter(Double.POSITIVE_INFINITY, NAN)).isTrue();
            assertThat(monitor.isBetter(NAN, 1)).isFalse();
            assertThat(monitor.isBetter(NAN, NAN)).isFalse();
        }
        assertThat(largest.value(history(3).get(0))).isEqualTo(3);
        assertThatThrownBy(() -> Monitor.largest("accuracy").value(history(3).get(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'accuracy' among [m]");
    }

    @Test
    void patienceCountsEpochsSinceTheBest() {
        StopRule rule = new EarlyStopping(Monitor.smallest("m"), 2);
        assertThat(rule.reasonToStop(history(3))).isEmpty();
        assertThat(rule.reasonToStop(history(3, 4))).isEmpty();
        assertThat(rule.reasonToStop(history(3, 4, 2, 5))).isEmpty();
        assertThat(rule.reasonToStop(history(3, 4, 5))).contains("validation m has not improved on 3.0 for 2 epochs");
        assertThat(rule.reasonToStop(history(3, 3, 3)))
                .as("as good is not better")
                .isPresent();
        StopRule largest = new EarlyStopping(Monitor.largest("m"), 1);
        assertThat(largest.reasonToStop(history(3, 4, 5))).isEmpty();
        assertThat(largest.reasonToStop(history(3, 4, 4)))
                .contains("validation m has not improved on 4.0 for 1 epochs");
    }

    @Test
    void epochsWithoutANumberUseUpPatience() {
        StopRule rule = new EarlyStopping(Monitor.smallest("m"), 2);
        assertThat(rule.reasonToStop(history(3, NAN, NAN))).isPresent();
        assertThat(rule.reasonToStop(history(NAN, NAN, NAN))).isPresent();
        assertThat(rule.reasonToStop(history(NAN, NAN, 1e9))).isEmpty();
    }

    @Test
    void patienceIsAtLeastAnEpoch() {
        assertThatThrownBy(() -> new EarlyStopping(Monitor.smallest("m"), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("patience 0");
    }
}
