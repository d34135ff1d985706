package varepsilon.lab.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.robust.attack.AttackResult;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.Trial;

/** Where an attack's goal was met, of the images where it could be. */
class GoalTallyTest {
    private static final ThreatModel THREAT = ThreatModel.of(Norm.LINF, 0.1);

    private static AttackOutcome.GoalTally tally(Trial trial) {
        // Labels 0, 0, 1, 1, 2; the last is misclassified from the start; what was reached is class 1.
        long[] labels = {0, 0, 1, 1, 2};
        boolean[] right = {true, true, true, true, false};
        boolean[] met = {true, false, true, true, true};
        int[] before = {0, 0, 1, 1, 1};
        int[] after = {1, 0, 1, 1, 1};
        AttackResult result =
                new AttackResult(null, before, after, right, met, new double[5], new int[0], new int[0], new int[0]);
        AttackOutcome.GoalTally tally = new AttackOutcome.GoalTally();
        tally.add(trial, labels, result);
        return tally;
    }

    @Test
    void imagesOfTheClassThatIsWantedDoNotCount() {
        AttackOutcome.GoalTally targeted = tally(Trial.targeted(Pgd.ofSteps(2), THREAT, label -> 1));
        assertThat(targeted.possible()).isEqualTo(2);
        assertThat(targeted.met()).isEqualTo(1);
    }

    @Test
    void aMarginCanBeReachedOnEveryCorrectlyClassifiedImage() {
        AttackOutcome.GoalTally margin = tally(Trial.margin(Pgd.ofSteps(2), THREAT, 0.5));
        assertThat(margin.possible()).isEqualTo(4);
        assertThat(margin.met()).isEqualTo(3);
    }
}
