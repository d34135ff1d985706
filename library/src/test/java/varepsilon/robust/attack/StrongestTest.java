package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which attacks the schedule chooses, by what the ones before broke: no classifier is needed for that. */
class StrongestTest {
    private static final int IMAGES = 1000;

    /** Plays the schedule: the first attack leaves so many images, and no other breaks any. */
    private static List<StageResult> played(StagedAttack.Schedule schedule, int left) {
        List<StageResult> done = new ArrayList<>();
        Optional<Stage> next = schedule.next(done);
        while (next.isPresent() && done.size() < 100) {
            int before = done.isEmpty() ? IMAGES : left;
            done.add(new StageResult(next.get(), before, before, before - left, 100L * before, 100L * before, 1));
            next = schedule.next(done);
        }
        return done;
    }

    /** One in fifty is the border. */
    @ParameterizedTest
    @CsvSource({"300, false", "21, false", "20, true", "1, true"})
    void whereFewImagesAreLeftEverythingIsTried(int left, boolean all) {
        StagedAttack.Schedule schedule = new Strongest().schedule(Norm.LINF);
        List<StageResult> done = played(schedule, left);
        List<String> names = done.stream().map(result -> result.stage().name()).toList();
        assertThat(names).contains("apgd-ce", "apgd-dlr", "apgd-t1", "fab-t1", "square-1000");
        assertThat(names.contains("square-5000")).isEqualTo(all);
        assertThat(schedule.untested(done).isEmpty()).isEqualTo(all);
        assertThat(done.size()).isLessThan(100);
    }

    @Test
    void anAttackThatBreaksNothingDoesNotRunAgain() {
        List<StageResult> done = played(new Strongest().schedule(Norm.L2), 10);
        assertThat(done.stream().skip(2).map(result -> result.stage().attack())).doesNotHaveDuplicates();
    }
}
