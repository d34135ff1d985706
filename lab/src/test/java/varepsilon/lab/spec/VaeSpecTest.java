package varepsilon.lab.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.generative.Bernoulli;
import varepsilon.generative.DiagonalGaussian;
import varepsilon.generative.ElboObjective;
import varepsilon.generative.Gaussian;
import varepsilon.generative.IndependentPixels;
import varepsilon.generative.MlpVae;
import varepsilon.generative.StandardNormal;
import varepsilon.generative.VaeObjective;
import varepsilon.nn.Schedule;

class VaeSpecTest {
    private static final Path FILE = Path.of("run", "config.yaml");
    private static final VaeSpec CONFIG = VaeSpec.of("mnist").withThreads(2);

    @Test
    void whatIsWrittenIsReadBack() {
        VaeSpec odd = new VaeSpec(
                "fashion-mnist",
                7,
                1e-3,
                3,
                new MlpVae(7, 3),
                new Gaussian(0.25),
                new IndependentPixels.Choice(),
                new StandardNormal.Choice(),
                new DiagonalGaussian.Choice(),
                "label",
                new ElboObjective.Choice(0.5, 1e-9, 2.5, 10),
                1,
                2.5,
                1,
                3e-4,
                new Schedule.OneCycle(0.25),
                0.99,
                5,
                Long.MIN_VALUE,
                1,
                "cuda:1");

        assertThat(VaeSpec.parse(CONFIG.toYaml(), FILE)).isEqualTo(CONFIG);
        assertThat(VaeSpec.parse(odd.toYaml(), FILE)).isEqualTo(odd);
    }

    @TestFactory
    Stream<DynamicTest> everyObjectiveAndScheduleIsReadBack() {
        return Stream.concat(
                        Family.of(VaeObjective.class).members().stream()
                                .map(member -> CONFIG.withObjective(member.usual())),
                        Family.of(Schedule.class).members().stream().map(member -> CONFIG.withSchedule(member.usual())))
                .map(spec -> DynamicTest.dynamicTest(spec.objective() + " " + spec.schedule(), () -> {
                    assertThat(VaeSpec.parse(spec.toYaml(), FILE)).isEqualTo(spec);
                    assertThat(VaeSpec.parse(spec.toYaml().replace("epochs: 80", "epochs: 81"), FILE))
                            .isEqualTo(spec.withEpochs(81));
                }));
    }

    @Test
    void itIsPlainYamlThatAPersonCanWrite() {
        String byHand = """
                # the published training
                data: mnist
                limit: 0
                validationFraction: 0.1
                latentDim: 20
                filters: 32
                likelihood: "categorical"
                levels: 16
                beta: 1
                freeNats: 0
                epochs: 80
                batchSize: 128
                learningRate: 1e-3
                samplesEvery: 10
                seed: 42
                threads: 2
                device: cpu
                """;

        assertThat(VaeSpec.parse(byHand, FILE)).isEqualTo(CONFIG);
    }

    @Test
    void parametersStandBehindTheNameOrBesideIt() {
        String beside = CONFIG.toYaml().replace("levels: 16", "levels: 8");
        String behind = CONFIG.toYaml()
                .replace("levels: 16\n", "")
                .replace("likelihood: categorical", "likelihood: categorical:levels=8");

        assertThat(VaeSpec.parse(behind, FILE)).isEqualTo(VaeSpec.parse(beside, FILE));
        assertThat(VaeSpec.parse(beside.replace("likelihood: categorical", "likelihood: bernoulli"), FILE))
                .as("the levels of another likelihood have no effect")
                .isEqualTo(CONFIG.withLikelihood(new Bernoulli()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "latentDim: 20   | latentdim: 20        | unknown key 'latentdim'; did you mean 'latentDim'?",
                "epochs: 80      | ''                   | key 'epochs' is missing",
                "epochs: 80      | epochs: eighty       | key 'epochs': expected a whole number of at most 32 bits (line 18)",
                "epochs: 80      | epochs: 80.5         | key 'epochs': ",
                "epochs: 80      | epochs: '\"80\"'     | key 'epochs': ",
                "epochs: 80      | epochs: 99999999999  | key 'epochs': ",
                "epochs: 80      | epochs:              | key 'epochs' is missing or has no value",
                "epochs: 80      | epochs: 0            | epochs 0: expected at least 1",
                "epochs: 80      | epochs: [80]         | key 'epochs': ",
                "data: mnist     | data: 5              | key 'data': ",
                "data: mnist     | data: true           | key 'data': ",
                "seed: 42        | 'seed: 42\nseed: 43' | Duplicate field 'seed'",
                "beta: 1.0       | beta: .inf           | cannot be read: Malformed numeric value '.inf' (line 14)",
                "levels: 16      | levels: 12           | levels 12: expected a power of two",
                "device: cpu     | 'device: {'          | cannot be read: ",
                "likelihood: categorical | likelihood: none   | unknown likelihood 'none'; did you mean 'logistic'?",
                "likelihood: categorical | likelihood: 5      | key 'likelihood': expected a text",
                "prior: standard-normal  | prior: none        | unknown prior 'none'; did you mean",
                "prior: standard-normal  | prior: standard-norml | unknown prior 'standard-norml'; did you mean 'standard-normal'",
                "levels: 16      | levels: sixteen      | key 'levels': expected a whole number of at most 32 bits",
            })
    void whatIsWrongIsNamed(String right, String wrong, String expected) {
        String yaml = CONFIG.toYaml();
        assertThat(yaml).contains(right);

        assertThatThrownBy(() -> VaeSpec.parse(yaml.replace(right, wrong), FILE))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(FILE + ": ")
                .hasMessageContaining(expected)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @CsvSource({"''", "'# nothing'", "'- a'", "word", "'{'"})
    void whatIsNoConfigurationIsRefused(String text) {
        assertThatThrownBy(() -> VaeSpec.parse(text, FILE))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(FILE + ": ")
                .hasMessageNotContaining("\n");
    }
}
