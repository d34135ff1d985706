package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;

class TimeLimitTest {
    private static EpochResult epoch(double seconds) {
        return new EpochResult(0, 1, seconds, Map.of(), Map.of());
    }

    @Test
    void itStopsAfterTheEpochThatReachesIt() {
        StopRule rule = new TimeLimit(Duration.ofMinutes(2));
        assertThat(rule.reasonToStop(List.of(epoch(119.9)))).isEmpty();
        assertThat(rule.reasonToStop(List.of(epoch(60), epoch(120))))
                .contains("the time limit of 2 minutes is reached");
    }

    @Test
    void aLimitIsPositive() {
        assertThatThrownBy(() -> new TimeLimit(Duration.ZERO)).isInstanceOf(InputException.class);
    }
}
