package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.lab.spec.VaeSpec;

/** Objectives and schedules of a VAE's training, from the command line to the files of the run. */
class VaeObjectivesTest {
    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void images() throws IOException {
        data = SmallMnist.in(folder.resolve("data"));
    }

    private Ran train(Path run, int epochs, Object... more) {
        return Ran.of(Ran.smallTraining(data, run, epochs, more).toArray());
    }

    private static List<String> metrics(Path run) throws IOException {
        return Files.readAllLines(run.resolve("metrics.csv"));
    }

    @ParameterizedTest
    @CsvSource({
        "iwae:samples=2, val_iw_nats",
        "dreg:samples=2, train_iw_nats",
        "score-function:samples=2, val_kl_nats",
        "capacity:capacity=5, val_bpd",
        "beta-tcvae:beta=2, val_tc_nats",
        "factor-vae:discriminator-width=8:discriminator-layers=1, train_tc_nats"
    })
    void aRunIsTrainedByTheObjectiveAndGoesOn(String objective, String measured) throws IOException {
        Path run = folder.resolve("run");
        train(run, 1, "--objective", objective).succeeded();
        assertThat(metrics(run).get(0).split(","))
                .contains(measured, "train_bpd", "val_bpd", "val_reconstruction_nats");

        Ran.of("vae", "train", "--resume", run, "--epochs", 2, "--data-dir", data)
                .succeeded();
        assertThat(metrics(run)).hasSize(3);
        assertThat(metrics(run).get(2)).doesNotContainIgnoringCase("nan").doesNotContainIgnoringCase("inf");
    }

    @Test
    void theConfigurationSaysWhatWasMinimised() throws IOException {
        Path run = folder.resolve("run");
        train(run, 1, "--objective", "elbo:cycle=4", "--beta", 2, "--warm-up", 3, "--schedule", "step:decay-every=2")
                .succeeded();
        Path file = run.resolve("config.yaml");
        assertThat(Files.readString(file))
                .contains("objective: elbo\nbeta: 2.0\nfreeNats: 0.0\nwarmUp: 3.0\ncycle: 4.0\n")
                .contains("schedule: step\ndecayEvery: 2\ndecayFactor: 0.1\n");
        assertThat(VaeSpec.parse(Files.readString(file), file).toYaml()).isEqualTo(Files.readString(file));
    }

    /** With steps of a billionth from the third epoch on, the model stays as it is. */
    @Test
    void theScheduleIsThatOfTheTraining() throws IOException {
        train(folder.resolve("constant"), 4, "--learning-rate", 0.01).succeeded();
        train(folder.resolve("step"), 4, "--learning-rate", 0.01, "--schedule", "step:decay-every=2:decay-factor=1e-9")
                .succeeded();
        List<String> constant = metrics(folder.resolve("constant"));
        List<String> step = metrics(folder.resolve("step"));
        int column = List.of(constant.get(0).split(",")).indexOf("val_reconstruction_nats");
        for (int epoch = 1; epoch <= 2; epoch++) {
            assertThat(step.get(epoch).split(",")[column])
                    .isEqualTo(constant.get(epoch).split(",")[column]);
        }
        double second = Double.parseDouble(step.get(2).split(",")[column]);
        double last = Double.parseDouble(step.get(4).split(",")[column]);
        assertThat(last).isCloseTo(second, within(1e-3 * Math.abs(second)));
        assertThat(Double.parseDouble(constant.get(4).split(",")[column])).isLessThan(0.99 * second);
    }

    @Test
    void aRunWhoseScheduleEndsTakesNoMoreEpochs() {
        Path run = folder.resolve("run");
        train(run, 1, "--schedule", "cosine").succeeded();
        assertThat(Ran.of("vae", "train", "--resume", run, "--epochs", 2, "--data-dir", data)
                        .failure())
                .contains("epochs 2: the run's schedule, cosine, ends after 1");
        Ran.of("vae", "train", "--resume", run, "--epochs", 1, "--data-dir", data)
                .succeeded();
    }

    @Test
    void allAreListedAndExplained() {
        assertThat(Ran.of("vae", "train", "--list").succeeded().out())
                .contains("Names for --objective:", "dreg: the importance-weighted bound", "Names for --schedule:");
        assertThat(Ran.of("vae", "train", "--help").succeeded().out())
                .contains("--objective", "--warm-up", "--free-nats", "--schedule", "--decay-every", "factor-vae");
    }
}
