package varepsilon.lab.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.tensor.InputException;

class QuickstartTest {
    private static final Quickstart.Settings TINY = new Quickstart.Settings(160, 2, 1, 42, 1, "cpu");

    @TempDir
    private Path parent;

    @Test
    void trainsBothModelsAndSaysWhereToLook() throws IOException {
        Path folder = parent.resolve("quickstart");
        QuickstartResult result =
                Quickstart.run(folder, TINY, QuickstartTest::train).orElseThrow();

        assertThat(result.folder()).isEqualTo(folder.toString());
        assertThat(result.vae().zeroKnowledgeBpd()).as("log2 of 16 levels").isEqualTo(4);
        assertThat(result.vae().latent20().latentDim()).isEqualTo(20);
        assertThat(result.vae().latent2().latentDim()).isEqualTo(2);
        assertThat(testBpd(folder.resolve("latent-20")))
                .isEqualTo(result.vae().latent20().test().bpd());
        assertThat(testBpd(folder.resolve("latent-2")))
                .isEqualTo(result.vae().latent2().test().bpd());

        assertThat(result.text())
                .contains(String.format(
                        Locale.ROOT,
                        "20 latent dimensions  %.4f bits",
                        result.vae().latent20().test().bpd()))
                .contains("knowing nothing      4.0000 bits")
                .contains("4 bits on each of 784 pixels, 3,136 on a digit");
        List<Path> files = result.text()
                .lines()
                .filter(line -> line.contains(folder.toString()))
                .map(line -> Path.of(line.substring(line.indexOf(folder.toString()))))
                .toList();
        assertThat(files)
                .hasSize(6)
                .filteredOn(file -> !isChart(file))
                .allSatisfy(file -> assertThat(file).isNotEmptyFile());
        assertOverviewShowsTheSamplesOverTime(folder);
    }

    private static void assertOverviewShowsTheSamplesOverTime(Path folder) throws IOException {
        BufferedImage overview = ImageIO.read(folder.resolve("overview.png").toFile());
        Path samples = folder.resolve("latent-20/samples");
        BufferedImage before = ImageIO.read(samples.resolve("epoch_000.png").toFile());
        BufferedImage after = ImageIO.read(samples.resolve("epoch_002.png").toFile());
        int gap = 8;
        assertShows(overview, 0, 0, before);
        assertShows(overview, 0, before.getHeight() + gap, after);
    }

    @Test
    void aTrainingThatIsStoppedEndsIt() throws IOException {
        Path folder = parent.resolve("quickstart");
        assertThat(Quickstart.run(folder, TINY, run -> run.train(new VaeRun.Watcher() {}, List.of(), () -> true)))
                .isEmpty();
        assertThat(folder.resolve("latent-20/checkpoints/training.safetensors")).exists();
        assertThat(folder.resolve("latent-2")).doesNotExist();
    }

    @Test
    void aFolderThatHoldsSomethingIsLeftAlone() throws IOException {
        Path file = Files.writeString(parent.resolve("notes.txt"), "mine");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Quickstart.run(parent, TINY, QuickstartTest::train))
                .withMessageContaining("is not empty");
        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> Quickstart.run(file, TINY, QuickstartTest::train))
                .withMessageContaining("notes.txt: is a file");
        try (Stream<Path> files = Files.list(parent)) {
            assertThat(files).containsExactly(file);
        }
        assertThat(file).hasContent("mine");
    }

    private static Optional<VaeResults> train(VaeRun run) throws IOException {
        return run.train(new VaeRun.Watcher() {}, List.of("quickstart"), () -> false);
    }

    /** Charts are missing on a machine without fonts. */
    private static boolean isChart(Path file) {
        return file.getFileName().toString().startsWith("curves");
    }

    private static double testBpd(Path run) throws IOException {
        JsonNode results =
                new ObjectMapper().readTree(run.resolve("results.json").toFile());
        return results.get("test").get("bpd").asDouble();
    }

    private static void assertShows(BufferedImage sheet, int left, int top, BufferedImage picture) {
        int width = picture.getWidth();
        int height = picture.getHeight();
        assertThat(sheet.getRGB(left, top, width, height, null, 0, width))
                .isEqualTo(picture.getRGB(0, 0, width, height, null, 0, width));
    }
}
