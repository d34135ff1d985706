package varepsilon.lab.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.InputException;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.MiFgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.RandomStartFgsm;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;

class AttackSpecTest {
    private static AttackSpec usual(String attack) {
        return AttackSpec.usual(attack, "linf", 0.1);
    }

    @Test
    void usualSettingsAreThoseOfTheLibrary() {
        assertThat(usual("fgsm").toAttack()).isEqualTo(new Fgsm());
        assertThat(usual("fgsm-rs").toAttack()).isEqualTo(new RandomStartFgsm());
        assertThat(usual("pgd").withSteps(7).toAttack()).isEqualTo(Pgd.ofSteps(7));
        assertThat(usual("mi-fgsm").withSteps(7).toAttack()).isEqualTo(MiFgsm.ofSteps(7));
        assertThat(usual("pgd").toThreatModel().epsilon()).isEqualTo(0.1);
    }

    @Test
    void everyNameIsOfThatAttack() {
        for (String name : AttackSpec.NAMES) {
            assertThat(usual(name).toAttack().name()).isEqualTo(name);
        }
    }

    @Test
    void everySettingReachesTheAttack() {
        AttackSpec all = new AttackSpec("pgd", "l2", 0.5, 3, 0.2, 4, true, 0.75, "margin");

        assertThat(all.toAttack()).isEqualTo(new Pgd(3, StepSize.pixels(0.2), 4, true, 0.75, AttackLoss.MARGIN));
        assertThat(all.toThreatModel()).isEqualTo(ThreatModel.of(Norm.named("l2"), 0.5));
        assertThat(all.label()).isEqualTo("pgd-3x4 l2 0.5");
        assertThat(all.stepLength()).isEqualTo(0.2);
    }

    @Test
    void stepsAreReportedInPixels() {
        assertThat(usual("pgd").withSteps(5).stepLength())
                .as("the first of those that fall")
                .isEqualTo(0.2);
        assertThat(usual("fgsm-rs").stepLength()).isEqualTo(0.125);
        assertThat(usual("mi-fgsm").withSteps(4).stepLength()).isEqualTo(0.025);
        assertThat(usual("fgsm").stepLength()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"0.03137254901960784, 8/255", "0.1, 0.1", "12, 12", "0.5, 0.5", "0.0123456, 0.01235", "0, 0", "1, 1"})
    void lengthsAreWrittenAsPeopleDo(double length, String expected) {
        assertThat(AttackSpec.pixels(length)).isEqualTo(expected);
    }

    @Test
    void whatMakesNoSenseIsNamed() {
        assertThatThrownBy(() -> AttackSpec.usual("pgd", "linf", -0.1)).hasMessageStartingWith("eps -0.1: expected");
        assertThatThrownBy(() -> AttackSpec.usual("pgd", "linf", Double.NaN)).hasMessageStartingWith("eps NaN");
        assertThatThrownBy(() -> AttackSpec.usual("pgd", "l3", 1)).hasMessage("norm l3: expected linf, l2 or l1");
        assertThatThrownBy(() -> AttackSpec.usual("fsgm", "l2", 1))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("unknown attack 'fsgm'; did you mean 'fgsm'?");
        assertThatThrownBy(() -> usual("pgd").withSteps(0)).hasMessage("steps 0: expected at least 1");
    }

    @Test
    void targetsAreClassesByNameOrNumberOrTheNext() {
        List<String> names = List.of("cat", "dog", "2");

        assertThat(AttackGoal.target("dog", names)).isEqualTo(new AttackGoal.Target(1, "dog"));
        assertThat(AttackGoal.target("0", names)).isEqualTo(new AttackGoal.Target(0, "cat"));
        assertThat(new AttackGoal.NextClass(3).applyAsInt(2)).isZero();
        assertThatThrownBy(() -> AttackGoal.target("3", names))
                .isInstanceOf(InputException.class)
                .hasMessage("target 3: expected next, a number from 0 to 2, or one of cat, dog, 2");
        assertThatThrownBy(() -> new AttackGoal.Margin(0)).hasMessageStartingWith("margin 0.0: expected");
    }
}
