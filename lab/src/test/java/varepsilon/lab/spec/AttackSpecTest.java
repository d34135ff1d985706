package varepsilon.lab.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.MiFgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.RandomStartFgsm;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Tensor;

class AttackSpecTest {
    private static AttackSpec usual(String attack) {
        return AttackSpec.of(attack, "linf", 0.1);
    }

    @Named(value = "in-l2", help = "a test's")
    private record InL2() implements Attack {
        @Override
        public List<Norm> norms() {
            return List.of(Norm.L2, Norm.L1);
        }

        @Override
        public Tensor perturb(Problem problem, Draws draws) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void usualSettingsAreThoseOfTheLibrary() {
        assertThat(usual("fgsm").attack()).isEqualTo(new Fgsm());
        assertThat(usual("fgsm-rs").attack()).isEqualTo(new RandomStartFgsm());
        assertThat(usual("pgd:steps=7").attack()).isEqualTo(Pgd.ofSteps(7));
        assertThat(usual("mi-fgsm:steps=7").attack()).isEqualTo(MiFgsm.ofSteps(7));
        assertThat(usual("pgd").threatModel().epsilon()).isEqualTo(0.1);
    }

    @Test
    void everyNameIsOfThatAttack() {
        for (String name : Family.of(Attack.class).names()) {
            String norm =
                    Family.of(Attack.class).member(name).usual().norms().get(0).label();
            assertThat(AttackSpec.of(name, norm, 0.1).attack().name()).isEqualTo(name);
        }
    }

    @Test
    void everySettingReachesTheAttack() {
        AttackSpec all = AttackSpec.of(
                "pgd:steps=3:step-size=0.2:restarts=4:random-start=true:momentum=0.75:loss=margin", "l2", 0.5);

        assertThat(all.attack()).isEqualTo(new Pgd(3, StepSize.pixels(0.2), 4, true, 0.75, AttackLoss.MARGIN));
        assertThat(all.threatModel()).isEqualTo(ThreatModel.of(Norm.named("l2"), 0.5));
        assertThat(all.label()).isEqualTo("pgd-3x4:step-size=51/255:momentum=0.75:loss=margin l2 0.5");
        assertThat(all.stepLength()).isEqualTo(0.2);
    }

    @Test
    void stepsAreReportedInPixels() {
        assertThat(usual("pgd:steps=5").stepLength())
                .as("the first of those that fall")
                .isEqualTo(0.2);
        assertThat(usual("fgsm-rs").stepLength()).isEqualTo(0.125);
        assertThat(usual("mi-fgsm:steps=4").stepLength()).isEqualTo(0.025);
        assertThat(usual("fgsm").stepLength()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"0.03137254901960784, 8/255", "0.1, 0.1", "12, 12", "0.5, 0.5", "0.0123456, 0.01235", "0, 0", "1, 1"})
    void lengthsAreWrittenAsPeopleDo(double length, String expected) {
        assertThat(AttackSpec.pixels(length)).isEqualTo(expected);
    }

    @Test
    void whatMakesNoSenseIsNamed() {
        assertThatThrownBy(() -> AttackSpec.of("pgd", "linf", -0.1)).hasMessageStartingWith("eps -0.1: expected");
        assertThatThrownBy(() -> AttackSpec.of("pgd", "linf", Double.NaN)).hasMessageStartingWith("eps NaN");
        assertThatThrownBy(() -> AttackSpec.of("pgd", "l3", 1)).hasMessage("norm l3: expected linf, l2, l1 or l0");
        assertThatThrownBy(() -> AttackSpec.of("fsgm", "l2", 1))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("unknown attack 'fsgm'; did you mean 'fgsm'?");
        assertThatThrownBy(() -> AttackSpec.linf(new InL2(), 1))
                .isInstanceOf(InputException.class)
                .hasMessage("norm linf: in-l2 has only l2, l1");
        assertThatThrownBy(() -> usual("pgd:steps=0")).hasMessage("pgd:steps=0: steps 0: expected at least 1");
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
