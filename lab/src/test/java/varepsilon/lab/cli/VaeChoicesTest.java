package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks, priors, posteriors and conditions chosen on the command line, from the training to the pictures. */
class VaeChoicesTest {
    @TempDir
    Path folder;

    private Ran train(Path run, Object... more) {
        List<Object> words = new ArrayList<>(List.of("vae", "train", "--data", "glyphs", "--limit", 60, "--out", run));
        words.addAll(List.of("--epochs", 1, "--latent-dim", 4, "--batch-size", 16, "--threads", 1, "--device", "cpu"));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    private BufferedImage picture(String command, Path run, Object... more) throws IOException {
        Path file = folder.resolve(command + more.length + ".png");
        List<Object> words = new ArrayList<>(List.of("vae", command, "--weights", run, "--out", file));
        words.addAll(List.of(more));
        Ran.of(words.toArray()).succeeded();
        return ImageIO.read(file.toFile());
    }

    private static Object[] with(List<Object> words, Object... more) {
        List<Object> all = new ArrayList<>(words);
        all.addAll(List.of(more));
        return all.toArray();
    }

    @ParameterizedTest
    @CsvSource({
        "mlp-vae --width 8 --depth 2, mixture:components=3, full",
        "residual-vae --width 3 --depth 1, flow:layers=2:width=8, iaf:layers=1:width=8:features=4",
        "conv-vae --filters 2, hierarchical:groups=2:width=8, top-down:features=8:width=8",
        "mlp-vae --width 8 --depth 1, codebook:length=2:size=8:width=8, quantised"
    })
    void aModelOfAnyChoicesIsTrainedEvaluatedAndResumed(String networks, String prior, String posterior)
            throws IOException {
        List<Object> choices = new ArrayList<>(List.of("--architecture"));
        choices.addAll(List.of((Object[]) networks.split(" ")));
        choices.addAll(List.of("--prior", prior, "--posterior", posterior, "--average-decay", 0.9, "--json"));
        Path run = folder.resolve("run");
        JsonNode results = train(run, choices.toArray()).succeeded().json();
        List<Object> words = new ArrayList<>(List.of("vae", "evaluate", "--weights", run, "--data", "glyphs"));
        words.addAll(List.of("--batch-size", 16, "--threads", 1, "--json"));
        if (posterior.equals("quantised")) {
            assertThat(Ran.of(with(words, "--importance-samples", 3)).failure())
                    .contains("all draws of z are the same");
        } else {
            words.addAll(List.of("--importance-samples", 3));
        }
        JsonNode evaluation = Ran.of(words.toArray()).succeeded().json();
        assertThat(evaluation.get("bpd")).isEqualTo(results.at("/test/bpd"));
        assertThat(evaluation.get("nelbo_nats").asDouble()).isPositive();
        assertThat(evaluation.has("iw_nats")).isNotEqualTo(posterior.equals("quantised"));
        assertThat(Files.readString(run.resolve("config.yaml")))
                .contains("architecture: " + networks.split(" ")[0], "posterior: " + posterior, "prior: " + prior);
        Ran.of("vae", "train", "--resume", run, "--epochs", 2).succeeded();
    }

    @Test
    void aConditionalModelWithVampPriorIsDrawnByClass() throws IOException {
        Path run = folder.resolve("run");
        train(run, "--architecture", "mlp-vae", "--width", 8, "--condition", "label", "--prior", "vamp:components=3")
                .succeeded();
        int side = 56;
        assertThat(picture("sample", run, "--count", 20).getWidth())
                .as("a column for each of ten classes")
                .isBetween(10 * side, 11 * side + 60);
        assertThat(picture("sample", run, "--count", 16, "--label", 3).getWidth())
                .as("eight in a row")
                .isBetween(8 * side, 9 * side + 60);
        assertThat(picture("traverse", run, "--data", "glyphs", "--dims", 2, "--steps", 5)
                        .getHeight())
                .isBetween(2 * side, 4 * side);
        assertThat(picture("scatter", run, "--data", "glyphs").getHeight()).isGreaterThan(720);
        picture("pseudo-inputs", run, "--count", 3);
        picture("reconstruct", run, "--data", "glyphs", "--count", 4);
        picture("interpolate", run, "--data", "glyphs", "--pairs", 2);
        assertThat(Ran.of("vae", "sample", "--weights", run, "--label", 10, "--out", folder.resolve("x.png"))
                        .refusal())
                .contains("class 10: expected 0 to 9");
        assertThat(Ran.of("vae", "pseudo-inputs", "--weights", run, "--count", 4, "--out", folder.resolve("x.png"))
                        .failure())
                .contains("count 4: expected 1 to 3");
    }

    /** What each of these does with p(x|z) is one path; none may take it for independent pixels. */
    @Test
    void aModelWhosePixelsDependOnEachOtherIsDrawnAndCompressed() throws IOException {
        Path run = folder.resolve("run");
        train(run, "--architecture", "mlp-vae", "--width", 8, "--decoder", "pixel-cnn:features=3:layers=0")
                .succeeded();
        assertThat(Files.readString(run.resolve("config.yaml"))).contains("decoder: pixel-cnn:features=3:kernel=7");
        picture("sample", run, "--count", 3);
        picture("reconstruct", run, "--data", "glyphs", "--count", 2);
        Path file = folder.resolve("glyphs.vae");
        Ran.of("vae", "compress", "--weights", run, "--data", "glyphs", "--limit", 5, "--threads", 1, "--out", file)
                .succeeded();
        Ran.of("vae", "decompress", "--weights", run, "--in", file, "--out", folder.resolve("x.npy"))
                .succeeded();
    }

    @Test
    void partsThatDoNotFitAreRefusedBeforeAnythingIsWritten() {
        Path run = folder.resolve("run");
        assertThat(train(run, "--prior", "codebook:length=3", "--posterior", "quantised")
                        .failure())
                .contains("the prior codebook of 3 vectors for latent dimension 4");
        assertThat(train(run, "--prior", "hierarchical", "--posterior", "diagonal", "--decoder", "pixel-cnn:kernel=4")
                        .refusal())
                .contains("expected an odd number");
        assertThat(run).doesNotExist();
    }

    @Test
    void aConditionWithoutLabelsIsRefused() throws IOException {
        Path images = Files.createDirectories(folder.resolve("images"));
        for (int i = 0; i < 10; i++) {
            ImageIO.write(
                    new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY),
                    "png",
                    images.resolve(i + ".png").toFile());
        }
        Path run = folder.resolve("run");
        assertThat(Ran.of("vae", "train", "--data", "folder:" + images, "--condition", "label", "--out", run)
                        .failure())
                .contains("has no labels", "--condition label");
        assertThat(run).doesNotExist();
    }

    @Test
    void picturesOfOtherModelsAreRefused() {
        Path run = folder.resolve("run");
        train(run, "--architecture", "mlp-vae", "--width", 8).succeeded();
        Path out = folder.resolve("x.png");
        assertThat(Ran.of("vae", "sample", "--weights", run, "--label", 1, "--out", out)
                        .failure())
                .contains("is not a conditional model", "--condition label");
        assertThat(Ran.of("vae", "pseudo-inputs", "--weights", run, "--out", out)
                        .failure())
                .contains("pseudo-inputs are of the prior vamp");
        assertThat(Ran.of("vae", "traverse", "--weights", run, "--data", "glyphs", "--range", -1, "--out", out)
                        .refusal())
                .contains("range -1.0: expected a positive number");
    }

    @Test
    void anAnimationLeadsFromImageToImage() throws IOException {
        Path run = folder.resolve("run");
        train(run, "--architecture", "mlp-vae", "--width", 8).succeeded();
        BufferedImage first = picture("animate", run, "--data", "glyphs", "--stops", 2, "--steps", 3);
        assertThat(first.getWidth()).isGreaterThanOrEqualTo(224);
    }

    /** A VAE against adversarial examples, and adversarial examples against a VAE. */
    @Test
    void aVaeDetectsPurifiesAndIsAttacked() throws IOException {
        Path vae = folder.resolve("vae");
        train(vae, "--architecture", "mlp-vae", "--width", 16).succeeded();
        Path plain = folder.resolve("plain");
        Ran.of(
                        "classifier",
                        "train",
                        "--data",
                        "glyphs",
                        "--limit",
                        300,
                        "--validation",
                        50,
                        "--epochs",
                        2,
                        "--architecture",
                        "small-cnn",
                        "--threads",
                        1,
                        "--out",
                        plain)
                .succeeded();
        JsonNode detection = Ran.of(
                        "vae",
                        "detect",
                        "--weights",
                        vae,
                        "--classifier",
                        plain,
                        "--data",
                        "glyphs",
                        "--limit",
                        40,
                        "--attack",
                        "fgsm,uniform-noise",
                        "--adaptive",
                        5,
                        "--eps",
                        0.3,
                        "--json")
                .succeeded()
                .json();
        assertThat(detection.at("/attacks/1/examples").asInt()).isEqualTo(40);
        assertThat(detection.at("/attacks/2/attack").asText()).startsWith("selective-pgd-5");
        for (String score : new String[] {"bits", "distance"}) {
            JsonNode one = detection.at("/attacks/0/" + score);
            assertThat(one.get("auc").asDouble())
                    .isBetween(
                            one.at("/auc_ci95/0").asDouble(),
                            one.at("/auc_ci95/1").asDouble());
        }
        JsonNode purified = Ran.of(
                        "attack",
                        "--weights",
                        plain,
                        "--purify",
                        vae,
                        "--data",
                        "glyphs",
                        "--limit",
                        20,
                        "--attack",
                        "eot:samples=2:inner=pgd+steps=2",
                        "--eps",
                        0.1,
                        "--json")
                .succeeded()
                .json();
        assertThat(purified.at("/n").asInt()).isEqualTo(20);
        Path picture = folder.resolve("attacked.png");
        JsonNode attacked = Ran.of(
                        "vae",
                        "attack",
                        "--weights",
                        vae,
                        "--data",
                        "glyphs",
                        "--limit",
                        10,
                        "--goal",
                        "bits",
                        "--steps",
                        5,
                        "--out",
                        picture,
                        "--json")
                .succeeded()
                .json();
        assertThat(attacked.get("n").asInt()).isEqualTo(10);
        assertThat(attacked.get("bpd_after").asDouble())
                .isPositive()
                .isNotEqualTo(attacked.get("bpd_before").asDouble());
        assertThat(picture).isNotEmptyFile();
        assertThat(Ran.of(
                                "vae",
                                "attack",
                                "--weights",
                                vae,
                                "--data",
                                "glyphs",
                                "--goal",
                                "codes",
                                "--out",
                                folder.resolve("y.png"))
                        .refusal())
                .contains("expected latent, output or bits");
    }
}
