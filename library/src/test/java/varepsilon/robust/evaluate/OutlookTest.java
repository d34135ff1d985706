package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Stage;
import varepsilon.robust.attack.StageResult;
import varepsilon.stats.Interval;

class OutlookTest {
    private static StageResult stage(int left, int broken, long passes) {
        return new StageResult(new Stage("some", new Fgsm()), left, left, broken, passes, 0, 1);
    }

    @Test
    void whatTheLastDoublingFoundIsExtrapolated() {
        // 40 of the first quarter of the passes, 8 of the second, 4 of the second half; so 4 · 4/8 of the next
        // doubling.
        List<StageResult> stages = List.of(stage(100, 40, 250), stage(60, 8, 250), stage(52, 4, 500));
        Interval more = Outlook.of(stages).orElseThrow();
        assertThat(more.value()).isCloseTo(2, within(1e-12));
        assertThat(more.low()).isZero();
        // The exact Poisson interval of 4 ends at χ²(10 degrees of freedom, 0.975) / 2.
        assertThat(more.high()).isCloseTo(20.4832 / 2, within(1e-3));
    }

    @Test
    void withinAStageThePassesCountEvenly() {
        Interval more = Outlook.of(List.of(stage(100, 40, 1000))).orElseThrow();
        assertThat(more.value()).isCloseTo(20, within(1e-12)); // 20 in the last half, 10 in the quarter before
    }

    @Test
    void nothingFoundIsNothingExpectedButNotNothingPossible() {
        Interval more =
                Outlook.of(List.of(stage(100, 40, 100), stage(60, 0, 900))).orElseThrow();
        assertThat(more.value()).isZero();
        assertThat(more.high()).isCloseTo(-Math.log(0.025), within(1e-9));
    }

    @Test
    void noMoreThanIsLeftIsExpected() {
        assertThat(Outlook.of(List.of(stage(100, 99, 100))).orElseThrow().high())
                .isEqualTo(1);
        assertThat(Outlook.of(List.of(stage(100, 100, 100)))).isEmpty();
        assertThat(Outlook.of(List.of())).isEmpty();
    }
}
