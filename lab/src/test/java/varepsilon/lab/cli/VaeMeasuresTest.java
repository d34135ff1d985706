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

/** What the commands measure of small trained models. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VaeMeasuresTest {
    private Path folder;
    private Path data;
    private Path vae;
    private Path classifier;

    @BeforeAll
    void train(@TempDir Path folder) throws IOException {
        this.folder = folder;
        data = SmallMnist.in(folder.resolve("data"));
        vae = folder.resolve("vae");
        classifier = folder.resolve("classifier");
        Ran.of(Ran.smallTraining(data, vae, 2).toArray()).succeeded();
        Ran.of(SmallClassifier.training(data, classifier, 3).toArray()).succeeded();
    }

    private Ran run(String command, Object... more) {
        List<Object> words = new ArrayList<>(
                List.of("vae", command, "--weights", vae, "--data", "mnist", "--data-dir", data, "--threads", 1));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    // ---- quality

    @Test
    void qualityIsThatOfSamplesBesideTrainingImages() throws IOException {
        Ran ran = run("quality", "--classifier", classifier, "--json").succeeded();
        JsonNode result = ran.json();

        assertThat(result.fieldNames())
                .toIterable()
                .containsExactly(
                        "n",
                        "picture",
                        "features",
                        "classifier_accuracy",
                        "frechet_distance",
                        "precision",
                        "precision_ci95",
                        "recall",
                        "recall_ci95",
                        "density",
                        "coverage",
                        "coverage_ci95",
                        "k",
                        "training_images");
        assertThat(result.get("n").asInt()).isEqualTo(SmallMnist.TEST);
        assertThat(result.get("features").asInt()).isEqualTo(100);
        assertThat(result.get("k").asInt()).isEqualTo(3);
        JsonNode training = result.get("training_images");
        // A model of 8 steps draws noise, which is nothing like a digit.
        assertThat(result.get("frechet_distance").asDouble())
                .isGreaterThan(5 * training.get("frechet_distance").asDouble());
        assertThat(training.get("precision").asDouble()).isGreaterThan(0.6);
        assertThat(training.get("recall").asDouble()).isGreaterThan(0.6);
        assertThat(result.get("recall").asDouble()).isLessThan(0.5);
        assertThat(result.get("coverage").asDouble()).isLessThan(0.5);
        double precision = result.get("precision").asDouble();
        assertThat(result.get("precision_ci95").get(0).asDouble()).isLessThanOrEqualTo(precision);
        assertThat(result.get("precision_ci95").get(1).asDouble()).isGreaterThanOrEqualTo(precision);
        assertThat(ran.err()).contains("does not compare with published FIDs");
    }

    @Test
    void qualityForAPersonHasATable() {
        Ran ran = run("quality", "--classifier", classifier, "--limit", 30, "--picture", "mean", "--k", 5)
                .succeeded();

        assertThat(ran.out())
                .contains("30 samples (mean) beside 30 test images of mnist, in 100 features of " + classifier)
                .containsPattern("samples +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+")
                .containsPattern("training images +[0-9.]+");
    }

    @Test
    void qualityRefusesWhatItCannotMeasure() throws IOException {
        assertThat(run("quality", "--classifier", classifier, "--k", 0).refusal())
                .contains("--k 0: expected at least 1");
        assertThat(run("quality", "--classifier", classifier, "--batch-size", 0).refusal())
                .contains("--batch-size 0: expected at least 1");
        assertThat(run("quality", "--classifier", classifier, "--limit", 3).failure())
                .contains("3 images: expected more than 3");
        assertThat(run("quality", "--classifier", folder.resolve("none")).failure())
                .contains("none");
        assertThat(run("quality", "--classifier", vae).failure()).contains("vae");
        assertThat(run("quality").refusal()).contains("--classifier");
        assertThat(Ran.of(
                                "vae",
                                "quality",
                                "--weights",
                                classifier,
                                "--classifier",
                                classifier,
                                "--data",
                                "mnist",
                                "--data-dir",
                                data)
                        .failure())
                .contains("classifier");
    }

    // ---- neighbours

    @Test
    void neighboursAreShownAndTheirDistancesCompared() throws IOException {
        Path out = folder.resolve("neighbours.png");
        JsonNode result = run("neighbours", "--out", out, "--samples", 40, "--shown", 4, "--neighbours", 3, "--json")
                .succeeded()
                .json();

        assertThat(result.fieldNames())
                .toIterable()
                .containsExactly("file", "picture", "training_images", "samples", "test", "share_nearer");
        assertThat(result.get("training_images").asInt()).isEqualTo(SmallMnist.TRAIN);
        assertThat(result.get("samples").fieldNames())
                .toIterable()
                .containsExactly("n", "least", "percent1", "percent10", "median", "percent90");
        assertThat(result.get("samples").get("n").asInt()).isEqualTo(40);
        assertThat(result.get("test").get("n").asInt()).isEqualTo(40);
        // Noise of 16 levels is farther from digits than digits are.
        assertThat(result.get("share_nearer").asDouble()).isZero();
        assertThat(result.get("samples").get("least").asDouble())
                .isGreaterThan(result.get("test").get("percent90").asDouble());
        BufferedImage picture = ImageIO.read(out.toFile());
        assertThat(picture.getWidth()).isGreaterThan(4 * 56);
        assertThat(picture.getHeight()).isGreaterThan(4 * 56);
    }

    @Test
    void neighboursForAPersonHaveATable() throws IOException {
        Path out = folder.resolve("table.png");
        Ran ran =
                run("neighbours", "--out", out, "--samples", 200, "--shown", 2).succeeded();

        assertThat(ran.out())
                .containsPattern("samples +200 +[0-9.]+")
                .containsPattern("test images +50 +[0-9.]+")
                .contains("nearer to the 120 training images than a test image is with probability 0.0 %")
                .endsWith("Wrote " + out + System.lineSeparator());
    }

    @Test
    void neighboursRefuseWhatTheyCannotShow() throws IOException {
        Path out = folder.resolve("none.png");
        assertThat(run("neighbours", "--out", out, "--samples", 0).refusal())
                .contains("--samples 0: expected at least 1");
        assertThat(run("neighbours", "--out", out, "--samples", 5, "--shown", 6).refusal())
                .contains("--shown 6: expected 1 to 5");
        assertThat(run("neighbours", "--out", out, "--neighbours", 0).refusal())
                .contains("--neighbours 0: expected 1 to 100");
        assertThat(run("neighbours", "--out", out, "--neighbours", 90, "--limit", 80)
                        .failure())
                .contains("90 nearest neighbours: expected 1 to 80");
        assertThat(run("neighbours", "--out", folder.resolve("x.jpg")).refusal())
                .contains(".png");
        assertThat(out).doesNotExist();
        Files.write(out, new byte[1]);
        assertThat(run("neighbours", "--out", out).failure()).contains("is there already");
    }

    // ---- posterior

    @Test
    void thePartsOfTheDivergenceAddUp() throws IOException {
        JsonNode result = run("posterior", "--json").succeeded().json();

        assertThat(result.fieldNames())
                .toIterable()
                .containsExactly(
                        "n",
                        "data_size",
                        "latent_dim",
                        "gaussian_total_correlation_nats",
                        "decomposition",
                        "dimensions");
        JsonNode parts = result.get("decomposition");
        double kl = parts.get("kl_nats").get("value").asDouble();
        double information = parts.get("index_code_nats").get("value").asDouble();
        double mismatch = parts.get("aggregate_kl_nats").get("value").asDouble();
        assertThat(information + mismatch).isCloseTo(kl, within(1e-9));
        assertThat(parts.get("total_correlation_nats").get("value").asDouble()
                        + parts.get("dimension_wise_kl_nats").get("value").asDouble())
                .isCloseTo(mismatch, within(1e-9));
        assertThat(information).isLessThanOrEqualTo(Math.log(SmallMnist.TEST));
        assertThat(result.get("dimensions").size()).isEqualTo(2);
        assertThat(result.get("dimensions").get(0).get("prior_variance").asDouble())
                .isEqualTo(1);
        assertThat(result.get("data_size").asInt()).isEqualTo(SmallMnist.TEST);
        JsonNode limited = run("posterior", "--limit", 20, "--json").succeeded().json();
        assertThat(limited.get("n").asInt()).isEqualTo(20);
        assertThat(limited.get("data_size").asInt()).isEqualTo(SmallMnist.TEST);
    }

    @Test
    void thePosteriorForAPersonHasTables() {
        Ran ran = run("posterior", "--split", "train").succeeded();

        assertThat(ran.out())
                .contains("mnist train: 120 of 120 images, 2 latent dimensions")
                .containsPattern("index-code mutual information +-?[0-9.]+ +[0-9.]+")
                .containsPattern("total correlation of q\\(z\\) +-?[0-9.]+")
                .containsPattern("at least, for so many images +[0-9.]+")
                .containsPattern("moments of q\\(z\\): [0-9.]+ nats")
                .contains("mean of q(z)");
        assertThat(run("posterior", "--limit", 1).refusal()).contains("--limit 1: expected at least 2");
        assertThat(run("posterior", "--batch-size", 0).refusal()).contains("--batch-size 0");
    }

    // ---- disentangle

    @Test
    void disentanglementIsMeasuredOnShapes() throws IOException {
        Path shapes = folder.resolve("shapes");
        Ran.of(
                        "vae",
                        "train",
                        "--data",
                        "shapes",
                        "--limit",
                        100,
                        "--out",
                        shapes,
                        "--filters",
                        2,
                        "--latent-dim",
                        3,
                        "--epochs",
                        1,
                        "--threads",
                        1)
                .succeeded();
        List<Object> words =
                List.of("vae", "disentangle", "--weights", shapes, "--data", "shapes", "--limit", 500, "--threads", 1);
        List<Object> json = new ArrayList<>(words);
        json.add("--json");
        JsonNode result = Ran.of(json.toArray()).succeeded().json();

        assertThat(result.fieldNames())
                .toIterable()
                .containsExactly(
                        "n",
                        "latent_dim",
                        "factor_vae_score",
                        "factor_vae_chance",
                        "mig",
                        "dci_disentanglement",
                        "dci_completeness",
                        "dci_informativeness",
                        "factors");
        assertThat(result.get("n").asInt()).isEqualTo(500);
        assertThat(result.get("factor_vae_score").asDouble()).isBetween(0.0, 1.0);
        assertThat(result.get("factors").size()).isEqualTo(6);
        assertThat(result.get("factors").get(3).get("name").asText()).isEqualTo("x");
        assertThat(result.get("factors").get(3).get("information_nats").size()).isEqualTo(3);
        assertThat(Ran.of(words.toArray()).succeeded().out())
                .contains("shapes test: 500 images, 3 latent dimensions")
                .containsPattern("FactorVAE score \\(chance 16.7 %\\) +[0-9.]+")
                .containsPattern("rotation +[0-9.]+ +[0-2] +[0-9.]+");
    }

    @Test
    void imagesWhoseFactorsAreNotKnownAreRefused() {
        assertThat(run("disentangle").refusal())
                .contains("--data mnist: the factors that its images were drawn from are not known; expected shapes");
        assertThat(Ran.of("vae", "disentangle", "--weights", vae, "--data", "shapes")
                        .failure())
                .contains("a VAE of 1×28×28 images; shapes/test has 1×32×32");
    }
}
