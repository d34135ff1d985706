package varepsilon.lab.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.InputException;
import varepsilon.classify.Normalisation;
import varepsilon.nn.Schedule;
import varepsilon.nn.Sgd;
import varepsilon.robust.defense.FreeTraining;
import varepsilon.robust.defense.Trades;

class ClassifierSpecTest {
    private static final Path FILE = Path.of("run", "config.yaml");
    private static final AttackSpec PGD = AttackSpec.of("pgd", "linf", 8 / 255.0);
    private static final ClassifierSpec CONFIG =
            config(new Schedule.StepDecay(), DefenseSpec.adversarialLoss(PGD, 0.25));

    private static ClassifierSpec config(Schedule schedule, DefenseSpec defense) {
        return new ClassifierSpec(
                new ClassifierSpec.Images("cifar10", 0, 1000, "crop-flip", 0),
                new ClassifierSpec.Network("resnet20", "", Normalisation.CIFAR10),
                new ClassifierSpec.Fitting(5, 128, 0.05, new Sgd.Choice(), schedule, 0, 0, 0),
                defense,
                PGD,
                42,
                2,
                "cpu");
    }

    @Test
    void whatIsWrittenIsReadBack() {
        ClassifierSpec odd = new ClassifierSpec(
                new ClassifierSpec.Images("folder:a b: c", 7, 1, "none", 3),
                new ClassifierSpec.Network(
                        "small-cnn", "weights: x.pt", new Normalisation(List.of(0.1), List.of(1e-3))),
                new ClassifierSpec.Fitting(1, 1, 1e-9, new Sgd.Choice(0, 0), Schedule.constant(), 0.1, 0.999, 3),
                DefenseSpec.standard(),
                AttackSpec.none(),
                Long.MIN_VALUE,
                1,
                "cuda:1");

        assertThat(ClassifierSpec.parse(CONFIG.toYaml(), FILE)).isEqualTo(CONFIG);
        assertThat(ClassifierSpec.parse(odd.toYaml(), FILE)).isEqualTo(odd);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "validation: 1000   | validatoin: 1000   | unknown key 'images.validatoin'; did you mean 'images.validation'?",
                "epochs: 5          | ''                 | key 'fitting.epochs' is missing",
                "epochs: 5          | epochs: five       | key 'fitting.epochs': expected a whole number of at most 32 bits",
                "epochs: 5          | epochs: 0          | epochs 0: expected at least 1",
                "randomStart: true  | randomStart: 3     | key 'defense.attack.randomStart': expected true or false",
                "alpha: 0.25        | alpha: -1          | alpha -1.0: expected a number from 0 to 1",
                "momentum: 0.9      | momentum: 1        | momentum 1.0: expected a number of at least 0, below 1",
                "schedule: step     | schedule: warm     | unknown schedule 'warm'; did you mean 'step'? There are: constant, step, cosine, one-cycle",
                "architecture: resnet20 | architecture: resnet21 | architecture resnet21: expected resnet18",
                "- 0.4914           | '- dark'           | key 'network.normalisation.mean': expected a list of numbers",
                "- 0.4914           | ''                 | expected one of each for every channel",
                "name: adversarial-loss | name: standard  | attack pgd: expected none: the defense standard has no adversary",
                "name: adversarial-loss | name: none      | unknown defense 'none'; did you mean 'free'?",
                "schedule: step     | schedule: none     | unknown schedule 'none'; did you mean 'cosine'?",
                "attack: pgd        | attack: pdg        | unknown attack 'pdg'; did you mean 'pgd'?",
            })
    void whatIsWrongIsNamed(String right, String wrong, String expected) {
        String yaml = CONFIG.toYaml();
        assertThat(yaml).contains(right);

        assertThatThrownBy(() -> ClassifierSpec.parse(yaml.replace(right, wrong), FILE))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(FILE + ": ")
                .hasMessageContaining(expected)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aSectionThatIsNoneIsRefused() {
        String yaml =
                "images: all\n" + CONFIG.toYaml().substring(CONFIG.toYaml().indexOf("network:"));

        assertThatThrownBy(() -> ClassifierSpec.parse(yaml, FILE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(
                        "key 'images' has no keys; expected data, limit, part, validation, augment, testLimit");
    }

    @Test
    void moreEpochsAreForSchedulesThatDoNotKnowTheirEnd() {
        assertThat(CONFIG.withEpochs(9).fitting().epochs()).isEqualTo(9);
        assertThatThrownBy(() -> CONFIG.withEpochs(4))
                .hasMessage("epochs 4: the run is made for 5; expected at least as many");
        ClassifierSpec oneCycle = config(new Schedule.OneCycle(), DefenseSpec.standard());
        assertThat(oneCycle.withEpochs(5)).isEqualTo(oneCycle);
        assertThatThrownBy(() -> oneCycle.withEpochs(9))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("epochs 9: the run's schedule, one-cycle, ends after 5");
    }

    @Test
    void tradesNeedsARandomStart() {
        AttackSpec fgsm = AttackSpec.of("fgsm", "linf", 0.1);

        assertThatThrownBy(() -> new DefenseSpec(new Trades.Choice(), fgsm))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("attack fgsm: expected pgd with a random start in TRADES");
    }

    @ParameterizedTest
    @CsvSource({
        "fgsm, true",
        "fgsm-rs, true",
        "pgd:steps=1, true",
        "mi-fgsm:steps=1, true",
        "pgd, false",
        "mi-fgsm, false",
        "sign-noise, false"
    })
    void oneStepIsASingleStepWhateverTheAttack(String attack, boolean expected) {
        AttackSpec spec = AttackSpec.of(attack, "linf", 0.1);
        assertThat(DefenseSpec.adversarialLoss(spec, 0).isSingleStep()).isEqualTo(expected);
        assertThat(new DefenseSpec(new FreeTraining.Choice(), spec).isSingleStep())
                .isTrue();
    }
}
