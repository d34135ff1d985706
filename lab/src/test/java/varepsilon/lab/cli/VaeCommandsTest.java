package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.lab.Json;

/** One small training, and everything that can be asked of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VaeCommandsTest {
    private Path folder;
    private Path data;
    private Path run;
    private Ran trained;

    @BeforeAll
    void train(@TempDir Path folder) throws IOException {
        this.folder = folder;
        data = SmallMnist.in(folder.resolve("data"));
        run = folder.resolve("run");
        trained = Ran.of(Ran.smallTraining(data, run, 2, "--json", "--samples-every", 1)
                        .toArray())
                .succeeded();
    }

    private Ran evaluate(Object... more) {
        List<Object> words = new ArrayList<>(
                List.of("vae", "evaluate", "--weights", run, "--data", "mnist", "--data-dir", data, "--threads", 1));
        words.addAll(List.of(more));
        return Ran.of(words.toArray()).succeeded();
    }

    @Test
    void theRunDirectoryHoldsEverything() {
        for (String file : List.of(
                "config.yaml",
                "provenance.json",
                "metrics.csv",
                "results.json",
                "checkpoints/last.safetensors",
                "checkpoints/best.safetensors",
                "samples/epoch_000.png",
                "samples/epoch_001.png",
                "samples/epoch_002.png")) {
            assertThat(run.resolve(file)).isNotEmptyFile();
        }
        assertThat(run).isDirectoryContaining("glob:**events.out.tfevents.*");
    }

    @Test
    void standardOutputIsOneJsonObjectThatResultsJsonHolds() throws IOException {
        JsonNode results = trained.json();

        assertThat(results.fieldNames())
                .toIterable()
                .containsExactly(
                        "run",
                        "data",
                        "latent_dim",
                        "parameters",
                        "epochs",
                        "steps",
                        "seconds",
                        "best_epoch",
                        "validation_bpd",
                        "bpd_unit",
                        "test");
        assertThat(results).isEqualTo(Json.read(run.resolve("results.json")));
        assertThat(results.get("epochs").asInt()).isEqualTo(2);
        assertThat(results.get("steps").asInt()).isEqualTo(8); // 108 images of 120, in batches of 32
        assertThat(results.get("test").get("n").asInt()).isEqualTo(SmallMnist.TEST);
    }

    @Test
    void validationBpdIsTheBestOfTheMetrics() throws IOException {
        List<String> rows = Files.readAllLines(run.resolve("metrics.csv"));
        assertThat(rows.get(0)).startsWith("epoch,step,seconds,train_bpd,val_bpd,");
        double best = rows.stream()
                .skip(1)
                .mapToDouble(row -> Double.parseDouble(row.split(",")[4]))
                .min()
                .orElseThrow();

        assertThat(trained.json().get("validation_bpd").asDouble()).isEqualTo(best);
    }

    @Test
    void evaluationAgreesWithTheTestAfterTraining() throws IOException {
        JsonNode evaluation = evaluate("--json", "--batch-size", 32).json();

        assertThat(evaluation).isEqualTo(trained.json().get("test"));
        assertThat(evaluation.fieldNames())
                .toIterable()
                .containsExactly(
                        "n",
                        "bpd",
                        "bpd_unit",
                        "nelbo_nats",
                        "nelbo_ci95",
                        "reconstruction_nats",
                        "kl_nats",
                        "latent_dim",
                        "active_units");
        assertThat(evaluation.get("bpd_unit").asText()).isEqualTo("bits per dimension");
        double nelbo = evaluation.get("nelbo_nats").asDouble();
        assertThat(evaluation.get("reconstruction_nats").asDouble()
                        + evaluation.get("kl_nats").asDouble())
                .isCloseTo(nelbo, within(1e-9));
        assertThat(evaluation.get("bpd").asDouble()).isCloseTo(nelbo / (784 * Math.log(2)), within(1e-12));
    }

    @Test
    void importanceSamplesTightenTheBoundAndLeaveTheRestAlone() throws IOException {
        JsonNode plain = evaluate("--json").json();
        JsonNode weighted =
                evaluate("--json", "--importance-samples", 40, "--chunk", 7).json();

        assertThat(weighted.get("importance_samples").asInt()).isEqualTo(40);
        assertThat(weighted.get("bpd")).isEqualTo(plain.get("bpd"));
        double iwNats = weighted.get("iw_nats").asDouble();
        assertThat(iwNats).isLessThan(plain.get("nelbo_nats").asDouble());
        assertThat(iwNats)
                .isBetween(
                        weighted.get("iw_ci95").get(0).asDouble(),
                        weighted.get("iw_ci95").get(1).asDouble());
        assertThat(weighted.get("effective_samples").asDouble()).isBetween(1.0, 40.0);
        assertThat(weighted.get("iw_bpd").asDouble()).isCloseTo(iwNats / (784 * Math.log(2)), within(1e-12));
    }

    @Test
    void aPersonGetsATableWithUnits() {
        Ran ran = evaluate("--limit", 20, "--split", "train", "--importance-samples", 3);

        assertThat(ran.out())
                .contains("mnist train: 20 images")
                .containsPattern("negative ELBO +[0-9.]+ +bits per dimension")
                .containsPattern("KL divergence +[0-9.]+ +nats per image")
                .contains("3 importance samples");
    }

    @Test
    void picturesAreDrawnWithTheModel() throws IOException {
        Path samples = folder.resolve("samples.png");
        Path pairs = folder.resolve("pairs.png");
        Path lines = folder.resolve("lines.png");
        Path plane = folder.resolve("plane.png");
        Ran.of("vae", "sample", "--weights", run, "--count", 9, "--threads", 1, "--out", samples)
                .succeeded();
        Ran.of(
                        "vae",
                        "reconstruct",
                        "--weights",
                        run,
                        "--data",
                        "mnist",
                        "--data-dir",
                        data,
                        "--count",
                        5,
                        "--out",
                        pairs)
                .succeeded();
        Ran.of(
                        "vae",
                        "interpolate",
                        "--weights",
                        run,
                        "--data",
                        "mnist",
                        "--data-dir",
                        data,
                        "--pairs",
                        2,
                        "--out",
                        lines)
                .succeeded();
        Ran.of("vae", "manifold", "--weights", run, "--size", 5, "--out", plane).succeeded();

        for (Path file : List.of(samples, pairs, lines, plane)) {
            BufferedImage picture = ImageIO.read(file.toFile());
            assertThat(picture.getWidth()).as(file.toString()).isGreaterThan(100);
        }
    }

    @Test
    void numbersOfPicturesOutOfRangeAreWrongUsage() {
        Path out = folder.resolve("none.png");

        assertThat(Ran.of("vae", "sample", "--weights", run, "--count", 0, "--out", out)
                        .refusal())
                .contains("--count 0: expected 1 to");
        assertThat(Ran.of("vae", "manifold", "--weights", run, "--size", 0, "--out", out)
                        .refusal())
                .contains("--size 0: expected 1 to");
        assertThat(out).doesNotExist();
    }

    @Test
    void trainingOnFailsNowhereAndChangesNothingOnceDone() throws IOException {
        byte[] weights = Files.readAllBytes(run.resolve("checkpoints/best.safetensors"));

        Ran again = Ran.of("vae", "train", "--resume", run, "--data-dir", data).succeeded();

        assertThat(again.out()).startsWith("Test: ").contains("bits per dimension");
        assertThat(run.resolve("checkpoints/best.safetensors")).hasBinaryContent(weights);
        JsonNode provenance = Json.read(run.resolve("provenance.json"));
        assertThat(provenance.get("sittings").size()).isEqualTo(2);
        assertThat(provenance.get("data").get("files").size()).isEqualTo(4);
    }

    @Test
    void quietMeansTheResultAlone() {
        assertThat(evaluate("--quiet").err()).isEmpty();
    }
}
