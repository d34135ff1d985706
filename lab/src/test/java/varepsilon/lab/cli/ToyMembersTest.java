package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.lab.Json;

/**
 * An attack, a prior and an architecture that only the tests have: each is one file and one line that registers it.
 * From there on it is listed, explained, configured, run, trained with and reported like those of the product.
 */
class ToyMembersTest {
    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void images() throws IOException {
        data = SmallMnist.in(folder.resolve("data"));
    }

    private Ran attack(Path weights, Object... more) {
        List<Object> words = new ArrayList<>(List.of("attack", "--weights", weights, "--data", "mnist"));
        words.addAll(List.of("--data-dir", data, "--threads", 1, "--eps", 0.3));
        words.addAll(List.of(more));
        return Ran.of(words.toArray()).succeeded();
    }

    @Test
    void theAttackIsListedAndExplained() throws IOException {
        assertThat(Ran.of("attack", "--list").succeeded().out())
                .contains(
                        "brightness: raises every pixel by the same amount",
                        "share=1  share of eps that a pixel is raised by (a number from -1 to 1)");
        assertThat(Ran.of("attack", "--help").succeeded().out()).contains("brightness");
        assertThat(Ran.of("classifier", "train", "--help").succeeded().out()).contains("brightness");
        JsonNode listed =
                Ran.of("attack", "--list", "--json").succeeded().json().get("attack");
        assertThat(listed.findValuesAsText("name")).contains("pgd", "brightness", "share");
        assertThat(Ran.of("attack", "--weights", "w", "--data", "mnist", "--attack", "brightness:share=2")
                        .refusal())
                .contains("brightness:share=2: share 2.0: expected a number from -1 to 1");
    }

    @Test
    void theAttackIsRunTrainedWithAndReported() throws IOException {
        Path run = folder.resolve("run");
        Ran trained = Ran.of(SmallClassifier.training(
                        data,
                        run,
                        2,
                        "--defense",
                        "adversarial-loss:alpha=0",
                        "--attack",
                        "brightness:share=-0.5",
                        "--eps",
                        0.3,
                        "--check-attack",
                        "brightness")
                .toArray());

        assertThat(trained.succeeded().out()).contains("brightness linf 0.3");
        String config = Files.readString(run.resolve("config.yaml"));
        assertThat(config).contains("attack: brightness", "share: -0.5", "alpha: 0.0");
        JsonNode results = Json.read(run.resolve("results.json"));
        assertThat(results.at("/test/attack/name").asText()).isEqualTo("brightness");

        Ran table = attack(run, "--attack", "brightness,brightness:share=-1");
        assertThat(table.out()).contains("brightness linf 0.3", "brightness:share=-1 linf 0.3");
        JsonNode report =
                attack(run, "--attack", "brightness:share=-0.5", "--json").json();
        JsonNode outcome = report.get("attacks").get(0);
        assertThat(outcome.get("name").asText()).isEqualTo("brightness");
        assertThat(outcome.at("/parameters/share").asDouble()).isEqualTo(-0.5);
        assertThat(outcome.get("max_perturbation").asDouble()).isCloseTo(0.15, within(1e-6));
    }

    @Test
    void theAttackIsConfiguredInAnExperiment() throws IOException {
        Path file = Files.writeString(folder.resolve("grid.yaml"), """
                kind: classifier
                settings:
                  images: {data: mnist, validation: 20}
                  network: {architecture: small-cnn, normalisation: {mean: [0.1], std: [0.3]}}
                  fitting: {epochs: 1, batchSize: 50}
                  defense:
                    name: adversarial-loss
                    attack: {attack: "brightness:share=-1", eps: 0.2}
                grid:
                  defense.attack.share: [0.5, 1]
                """);
        Path out = folder.resolve("grid");
        Ran ran = Ran.of(SmallGrid.command(file, data, out).toArray());

        assertThat(ran.succeeded().err()).as("both are trained now").contains("[1 of 2]", "[2 of 2]");
        assertThat(ran.out()).contains("defense.attack.share 0.5", "defense.attack.share 1");
        assertThat(out.resolve("report.html")).content().contains("defense.attack.share 0.5");
    }

    @Test
    void thePriorIsListedTrainedWithAndReadBack() throws IOException {
        assertThat(Ran.of("vae", "train", "--list").succeeded().out())
                .contains("laplace: independent Laplace dimensions", "scale=1", "standard-normal");
        assertThat(Ran.of("vae", "train", "--help").succeeded().out()).contains("laplace");
        Path run = folder.resolve("vae");
        Ran.of(Ran.smallTraining(data, run, 1, "--prior", "laplace:scale=0.5").toArray())
                .succeeded();

        assertThat(run.resolve("config.yaml")).content().contains("laplace:scale=0.5");
        Ran.of("vae", "train", "--resume", run, "--data-dir", data, "--epochs", 2)
                .succeeded();
        JsonNode results = Json.read(run.resolve("results.json"));
        Path plain = folder.resolve("plain");
        Ran.of(Ran.smallTraining(data, plain, 2).toArray()).succeeded();
        assertThat(results.at("/test/kl_nats"))
                .as("the divergence is that to the prior")
                .isNotEqualTo(Json.read(plain.resolve("results.json")).at("/test/kl_nats"));
        assertThat(run.resolve("checkpoints/best.safetensors"))
                .content(StandardCharsets.ISO_8859_1)
                .contains("\"prior\":\"laplace:scale=0.5\"");
        Ran evaluated = Ran.of(
                "vae",
                "evaluate",
                "--weights",
                run,
                "--data",
                "mnist",
                "--data-dir",
                data,
                "--batch-size",
                32,
                "--json");
        assertThat(evaluated.succeeded().json().get("bpd").asDouble())
                .as("with the prior that the weight file names")
                .isEqualTo(results.at("/test/bpd").asDouble());
        Ran.of("vae", "sample", "--weights", run, "--out", folder.resolve("samples.png"))
                .succeeded();
        assertThat(folder.resolve("samples.png")).isNotEmptyFile();
    }

    @Test
    void theArchitectureIsListedTrainedAndReadBack() throws IOException {
        assertThat(Ran.of("classifier", "train", "--list").succeeded().out()).contains("small-cnn, perceptron");
        Path run = folder.resolve("linear");
        Ran.of(SmallClassifier.training(data, run, 2, "--architecture", "perceptron")
                        .toArray())
                .succeeded();

        JsonNode report = attack(run, "--attack", "fgsm", "--json").json();
        JsonNode results = Json.read(run.resolve("results.json"));
        assertThat(results.get("architecture").asText()).isEqualTo("perceptron");
        assertThat(report.get("clean_correct").asInt())
                .isEqualTo(results.at("/test/correct").asInt());
    }
}
