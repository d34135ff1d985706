package varepsilon.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.generative.Likelihood;
import varepsilon.generative.PosteriorChoice;
import varepsilon.generative.PriorChoice;
import varepsilon.generative.VaeNetwork;
import varepsilon.generative.VaeObjective;
import varepsilon.nn.OptimizerChoice;
import varepsilon.nn.Schedule;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.defense.Defense;

/** What every member of every family keeps, and how families are read and written. */
class FamilyTest {
    private static final Family<Attack> ATTACKS = Family.of(Attack.class);
    private static final List<Class<?>> KINDS = List.of(
            Attack.class,
            Defense.class,
            Likelihood.class,
            OptimizerChoice.class,
            PosteriorChoice.class,
            PriorChoice.class,
            Schedule.class,
            VaeNetwork.class,
            VaeObjective.class);

    @TestFactory
    Stream<DynamicTest> everyMemberIsReadAsItIsWritten() {
        return KINDS.stream().flatMap(kind -> membersOf(kind));
    }

    private static <T> Stream<DynamicTest> membersOf(Class<T> kind) {
        Family<T> family = Family.of(kind);
        assertThat(family.members()).isNotEmpty();
        return family.members().stream()
                .map(member -> DynamicTest.dynamicTest(kind.getSimpleName() + " " + member.name(), () -> {
                    assertThat(family.parse(member.name())).isEqualTo(member.usual());
                    assertThat(family.text(member.usual())).isEqualTo(member.name());
                    assertThat(family.parse(family.wholeText(member.usual()))).isEqualTo(member.usual());
                    assertThat(member.help()).isNotBlank();
                    for (Declared parameter : member.parameters()) {
                        assertThat(parameter.help()).as(parameter.name()).isNotBlank();
                        assertThat(parameter.parse(Declared.text(parameter.usual())))
                                .as(parameter.name())
                                .isEqualTo(parameter.usual());
                        assertThat(family.parse(member.name() + ":" + parameter.option() + "=" + parameter.usual()))
                                .isEqualTo(member.usual());
                    }
                    assertThat(member.with(member.usual(), member.values(member.usual())))
                            .isEqualTo(member.usual());
                }));
    }

    @Test
    void parametersAreGivenBehindTheName() {
        assertThat(ATTACKS.parse("fgsm")).isEqualTo(new Fgsm());
        assertThat(ATTACKS.parse("pgd:steps=40:restarts=3:loss=margin"))
                .isEqualTo(Pgd.ofSteps(40).withRestarts(3).withLoss(AttackLoss.MARGIN));
        assertThat(ATTACKS.parse("pgd:step-size=2/255")).isEqualTo(new Pgd().withStepSize(StepSize.pixels(2 / 255.0)));
        assertThat(ATTACKS.parse("pgd:steps=3", Map.of("steps", 7, "momentum", 0.5, "unknown", 1)))
                .as("what is written goes before other defaults")
                .isEqualTo(Pgd.ofSteps(3).withMomentum(0.5));
        assertThat(ATTACKS.text(Pgd.ofSteps(40).withStepSize(StepSize.relative(0.25))))
                .isEqualTo("pgd:steps=40:step-size=0.25eps");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pdg                 | unknown attack 'pdg'; did you mean 'pgd'? There are: fgsm, fgsm-rs, pgd",
                "pgd:stpes=3         | pgd has no parameter 'stpes'; did you mean 'steps'? It has: steps, step-size",
                "pgd:steps           | pgd:steps: 'steps' is no parameter; expected NAME=VALUE, as in pgd:steps=10",
                "pgd:                | '' is no parameter",
                "pgd:steps=3:steps=4 | steps is given twice",
                "pgd:steps=three     | steps three: expected a whole number",
                "pgd:steps=0         | steps 0: expected at least 1",
                "pgd:momentum=-1     | momentum -1.0: expected a number of at least 0",
                "pgd:momentum=NaN    | momentum NaN: expected a number of at least 0",
                "pgd:random-start=no | randomStart no: expected true or false",
                "pgd:loss=hinge      | loss hinge: expected cross-entropy, exact-cross-entropy, margin",
                "pgd:loss=negative-logit | loss negative-logit: expected cross-entropy",
                "pgd:step-size=0     | stepSize 0: expected a positive number",
                "pgd:step-size=eps   | stepSize eps: expected a length such as 2/255, 0.25eps or 2eps-falling",
                "sign-noise:steps=3  | sign-noise has no parameter 'steps', nor any other",
            })
    void whatIsWrongIsNamed(String text, String expected) {
        assertThatThrownBy(() -> ATTACKS.parse(text))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(expected);
    }

    @Test
    void whatHasNoNameThatStaysTheSameIsRefused() {
        Attack lambda = (problem, draws) -> problem.sample(draws);
        assertThatThrownBy(lambda::name).isInstanceOf(IllegalArgumentException.class);
    }

    @Named(value = "twin", help = "for these tests")
    public interface Twin {}

    @Named(value = "same", help = "for these tests")
    public record FirstTwin() implements Twin {}

    @Named(value = "same", help = "for these tests")
    public record SecondTwin() implements Twin {}

    @Test
    void twoMembersOfOneNameAreRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Family.of(Twin.class))
                .withMessageContainingAll("called same", FirstTwin.class.getName(), SecondTwin.class.getName());
    }

    @Named(value = "sized", help = "for these tests")
    public interface Sized {}

    @Named(value = "whole", help = "for these tests")
    public record Whole(@Parameter("a size") int size) implements Sized {
        public Whole() {
            this(1);
        }
    }

    @Named(value = "real", help = "for these tests")
    public record Real(@Parameter("a size") double size) implements Sized {
        public Real() {
            this(1);
        }
    }

    @Test
    void oneParameterNameOfTwoTypesIsRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Family.of(Sized.class))
                .withMessageContaining("real: its parameter size is double, and another member's is int");
    }

    @Test
    void aMemberListsItsParametersWithDefaultsAndRanges() {
        assertThat(ATTACKS.member("pgd").lines())
                .startsWith(
                        "pgd: projected gradient ascent on a loss (Madry et al. 2018)",
                        "    steps=10  gradients an image and restart (at least 1)")
                .anyMatch(line -> line.startsWith("    step-size=2eps-falling  length of a step in pixel units"))
                .hasSize(7);
    }

    @ParameterizedTest
    @CsvSource({"0.01, 0.01", "2/255, 0.00784313725490196", "0.25eps, 0.25eps", "2eps-falling, 2eps-falling"})
    void lengthsOfStepsAreReadAndWritten(String text, String written) {
        assertThat(StepSize.parse(text)).hasToString(written);
        assertThat(StepSize.parse(written)).isEqualTo(StepSize.parse(text));
    }
}
