package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** VAEs of folders of images, grey and colour, of sizes other than that of MNIST. */
class VaeSizesTest {
    @TempDir
    Path folder;

    /** Ellipses and rectangles, twenty of each. */
    private String images(int width, int height, boolean colour) throws IOException {
        Random random = new Random(1);
        for (String shape : List.of("round", "square")) {
            Path of = Files.createDirectories(folder.resolve("images").resolve(shape));
            for (int i = 0; i < 20; i++) {
                BufferedImage image = new BufferedImage(
                        width, height, colour ? BufferedImage.TYPE_INT_RGB : BufferedImage.TYPE_BYTE_GRAY);
                Graphics2D graphics = image.createGraphics();
                graphics.setColor(new Color(120 + random.nextInt(136), random.nextInt(256), random.nextInt(256)));
                int x = random.nextInt(width / 3);
                int y = random.nextInt(height / 3);
                if (shape.equals("round")) {
                    graphics.fillOval(x, y, width / 2, height / 2);
                } else {
                    graphics.fillRect(x, y, width / 2, height / 2);
                }
                graphics.dispose();
                ImageIO.write(
                        image, "png", of.resolve(String.format("%03d.png", i)).toFile());
            }
        }
        return "folder:" + folder.resolve("images");
    }

    private Ran train(String data, Path run, int epochs, Object... more) {
        List<Object> words = new ArrayList<>(List.of("vae", "train", "--data", data, "--out", run, "--epochs", epochs));
        words.addAll(List.of("--filters", 2, "--latent-dim", 2, "--batch-size", 8, "--threads", 1, "--device", "cpu"));
        words.addAll(List.of(more));
        return Ran.of(words.toArray());
    }

    @ParameterizedTest
    @CsvSource({"8, 8, false", "16, 16, true", "32, 28, false", "32, 32, true", "31, 17, true", "64, 64, true"})
    void aFolderIsTrainedOnEvaluatedAndDrawn(int width, int height, boolean colour) throws IOException {
        String data = images(width, height, colour);
        Path run = folder.resolve("run");
        JsonNode results = train(data, run, 1, "--json").succeeded().json();
        JsonNode evaluation = Ran.of(
                        "vae",
                        "evaluate",
                        "--weights",
                        run,
                        "--data",
                        data,
                        "--batch-size",
                        8,
                        "--threads",
                        1,
                        "--json",
                        "--importance-samples",
                        3)
                .succeeded()
                .json();

        int dimensions = (colour ? 3 : 1) * width * height;
        assertThat(evaluation.get("bpd")).isEqualTo(results.at("/test/bpd"));
        for (String bound : List.of("nelbo", "iw")) {
            assertThat(evaluation.get(bound.equals("iw") ? "iw_bpd" : "bpd").asDouble())
                    .isCloseTo(evaluation.get(bound + "_nats").asDouble() / (dimensions * Math.log(2)), within(1e-12));
        }
        assertThat(run.resolve("samples/epoch_001.png")).isNotEmptyFile();

        Path pairs = folder.resolve("pairs.png");
        Path lines = folder.resolve("lines.png");
        Ran.of("vae", "reconstruct", "--weights", run, "--data", data, "--count", 5, "--out", pairs)
                .succeeded();
        Ran.of("vae", "interpolate", "--weights", run, "--data", data, "--pairs", 2, "--steps", 3, "--out", lines)
                .succeeded();
        for (String picture : List.of("sample", "argmax", "mean")) {
            Path samples = folder.resolve(picture + ".png");
            Ran.of("vae", "sample", "--weights", run, "--count", 9, "--picture", picture, "--out", samples)
                    .succeeded();
            // Eight in a row.
            assertThat(ImageIO.read(samples.toFile()).getWidth()).isGreaterThanOrEqualTo(8 * width);
        }
        assertThat(ImageIO.read(pairs.toFile()).getWidth()).isGreaterThanOrEqualTo(5 * width);
        assertThat(ImageIO.read(lines.toFile()).getWidth()).isGreaterThanOrEqualTo(5 * width);
        Path plane = folder.resolve("plane.png");
        Ran.of("vae", "manifold", "--weights", run, "--size", 5, "--out", plane).succeeded();
        assertThat(ImageIO.read(plane.toFile()).getHeight()).isGreaterThanOrEqualTo(5 * height);
    }

    /** Eight bits a channel, in colour. */
    @ParameterizedTest
    @ValueSource(strings = {"logistic", "logistic-mixture:components=3", "beta-binomial"})
    void colourImagesOfEightBitsHaveALikelihood(String likelihood) throws IOException {
        String data = images(16, 16, true);
        Path run = folder.resolve("run");
        JsonNode results = train(data, run, 2, "--likelihood", likelihood, "--levels", 256, "--json")
                .succeeded()
                .json();
        JsonNode evaluation = Ran.of(
                        "vae",
                        "evaluate",
                        "--weights",
                        run,
                        "--data",
                        data,
                        "--batch-size",
                        8,
                        "--threads",
                        1,
                        "--json")
                .succeeded()
                .json();

        assertThat(results.at("/test/bpd").asDouble()).isBetween(1.0, 10.0);
        assertThat(evaluation.get("bpd")).isEqualTo(results.at("/test/bpd"));
        assertThat(evaluation.get("bpd_unit").asText()).isEqualTo("bits per dimension");
        assertThat(run.resolve("config.yaml")).content().contains("likelihood: " + likelihood.replaceFirst(":.*", ""));
        for (String picture : List.of("sample", "argmax", "mean")) {
            Path samples = folder.resolve(picture + ".png");
            Path pairs = folder.resolve(picture + "-pairs.png");
            Ran.of("vae", "sample", "--weights", run, "--count", 8, "--picture", picture, "--out", samples)
                    .succeeded();
            List<Object> words = new ArrayList<>(List.of("vae", "reconstruct", "--weights", run, "--data", data));
            words.addAll(List.of("--count", 2, "--picture", picture, "--out", pairs));
            Ran.of(words.toArray()).succeeded();
            assertThat(ImageIO.read(samples.toFile()).getWidth()).isGreaterThanOrEqualTo(8 * 16);
            assertThat(ImageIO.read(pairs.toFile()).getWidth()).isGreaterThanOrEqualTo(2 * 16);
        }
    }

    @Test
    void aResumedTrainingGivesTheSameBits() throws IOException {
        String data = images(24, 16, true);
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        train(data, whole, 3).succeeded();
        train(data, parts, 1).succeeded();
        Ran.of("vae", "train", "--resume", parts, "--epochs", 3).succeeded();

        assertThat(parts.resolve("checkpoints/last.safetensors"))
                .hasSameBinaryContentAs(whole.resolve("checkpoints/last.safetensors"));
    }

    @ParameterizedTest
    @CsvSource({"6, 8, 8×8", "300, 32, 32×256"})
    void anotherSizeIsRefusedBeforeAnythingIsWritten(int width, int height, String advice) throws IOException {
        String data = images(width, height, false);
        Path run = folder.resolve("run");

        assertThat(train(data, run, 1).failure())
                .contains(folder.resolve("images").toString(), "images of 1×" + height + "×" + width)
                .contains("sides from 8 to 256 pixels", "scale, crop or pad the images", advice);
        assertThat(run).doesNotExist();
    }

    private static Ran evaluate(Path run, String data, Object... options) {
        List<Object> line = new ArrayList<>(List.of("vae", "evaluate", "--weights", run, "--data", data));
        line.addAll(List.of(options));
        return Ran.of(line.toArray());
    }

    @Test
    void aFolderOfSeveralSizesIsFitted() throws IOException {
        String data = images(16, 12, true);
        ImageIO.write(
                new BufferedImage(20, 30, BufferedImage.TYPE_BYTE_GRAY),
                "png",
                folder.resolve("images/round/other.png").toFile());
        Path run = folder.resolve("run");

        assertThat(train(data, run, 1).failure())
                .contains("30×20 pixels in a folder of images of several sizes", "40 of 12×16", "1 of 30×20", "resize");
        assertThat(run).doesNotExist();

        train(data, run, 1, "--resize", "9x16").succeeded();
        assertThat(Files.readString(run.resolve("config.yaml"))).contains("folder:resize=9x16:");
        assertThat(Ran.of("vae", "evaluate", "--weights", run, "--data", data, "--crop", "12x16")
                        .failure())
                .contains("a VAE of 3×9×16 images", "has 3×12×16");
        assertThat(evaluate(run, data, "--resize", "9", "--center-crop", "8x9").failure())
                .contains("has 3×8×9");
        assertThat(evaluate(run, data, "--resize", "9").failure()).contains("has 3×9×9");
        assertThat(evaluate(run, data, "--resize", "9x9", "--center-crop", "8").refusal())
                .contains("expected the short side alone");
        Path labels = folder.resolve("labels.csv");
        assertThat(evaluate(run, data, "--csv", labels).failure()).contains(labels + ": no such file");
        Files.writeString(labels, "round/other.png,1");
        assertThat(evaluate(run, data, "--csv", labels).failure()).contains("no class has 5 images");
        assertThat(evaluate(run, data, "--csv", "labels.txt").refusal())
                .contains("--csv labels.txt: expected the name of a CSV file");
        assertThat(Ran.of("vae", "evaluate", "--weights", run, "--data", "glyphs", "--resize", "9x16")
                        .refusal())
                .contains("--resize, --center-crop and --csv are for the images of a folder");
    }

    @Test
    void aModelOfOneSizeRefusesImagesOfAnother() throws IOException {
        Path run = folder.resolve("run");
        train(images(16, 16, true), run, 1).succeeded();

        assertThat(Ran.of("vae", "evaluate", "--weights", run, "--data", "glyphs")
                        .failure())
                .contains("a VAE of 3×16×16 images; glyphs", "has 1×28×28");
    }
}
