package varepsilon.robust.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.MiFgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.tensor.Device;

/** On a linear model every image within reach of ε is broken by the best attack, and by no other more. */
class LongerSearchTest {
    private static final float[] W = {1, -1, 2, -2, 1, -1, 2, -2, 1, -1, 2, -2, 1, -1, 2, -2};
    private static final ThreatModel THREAT = ThreatModel.of(Norm.LINF, 0.05);

    private static Optional<Check> after(Trial trial) {
        ImageSet images = Toys.labelledBy(Toys.random(80, 80, 175, 2, 6), W, 0);
        Classifier classifier = Toys.linear(W, 0);
        RobustEvaluation evaluation = new RobustEvaluation(List.of(trial), 40, 11, Device.CPU);
        RobustnessReport report = evaluation.of(classifier, images);
        return LongerSearch.of(classifier, images, report.trials().get(0), evaluation, Watch.NONE);
    }

    private static Optional<Check> after(Attack attack) {
        return after(Trial.untargeted(attack, THREAT));
    }

    @Test
    void aSearchThatFindsAllIsNotCalledUnfinished() {
        for (Attack attack : List.of(Pgd.ofSteps(10), MiFgsm.ofSteps(10))) {
            Check check = after(attack).orElseThrow();
            assertThat(check.tripped()).isFalse();
            assertThat(check.saw())
                    .contains(" linf 0.05 left correctly classified, ")
                    .endsWith(", break 0");
        }
    }

    @Test
    void stepsThatDoNotCrossTheBallAreNoticed() {
        Pgd slow = Pgd.ofSteps(3).withStepSize(StepSize.pixels(0.001)).withRandomStart(false);
        Check check = after(slow).orElseThrow();
        assertThat(check.tripped()).isTrue();
        assertThat(check.saw())
                .startsWith("of ")
                .contains(" images that pgd linf 0.05 left correctly classified, 20 steps of falling length");
        assertThat(after(Trial.margin(slow, THREAT, 0.01)).orElseThrow().tripped())
                .isTrue();
    }

    /** One gradient, or none, promises nothing. */
    @Test
    void onlySearchesAreGoneOnWith() {
        assertThat(after(new UniformNoise())).isEmpty();
        assertThat(after(new Fgsm())).isEmpty();
        assertThat(after(Pgd.ofSteps(1).withStepSize(StepSize.pixels(0.001)))).isEmpty();
        assertThat(after(Trial.targeted(
                        Pgd.ofSteps(3).withStepSize(StepSize.pixels(0.001)), THREAT, label -> 1 - label)))
                .isEmpty();
    }
}
