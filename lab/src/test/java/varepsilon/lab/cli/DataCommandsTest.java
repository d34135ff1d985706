package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataCommandsTest {
    @TempDir
    private Path folder;

    private Path cifar(String fileName, int bytes) throws IOException {
        Path file = folder.resolve("cifar-10-batches-bin").resolve(fileName);
        Files.createDirectories(file.getParent());
        return Files.write(file, new byte[bytes]);
    }

    private Path pictures() throws IOException {
        Path pets = folder.resolve("pets");
        for (String name : new String[] {"cat", "dog"}) {
            Files.createDirectories(pets.resolve(name));
            for (int i = 0; i < 5; i++) {
                BufferedImage image = new BufferedImage(4, 3, BufferedImage.TYPE_INT_RGB);
                image.setRGB(i % 4, 0, 0xff0000);
                ImageIO.write(
                        image, "png", pets.resolve(name).resolve(i + ".png").toFile());
            }
        }
        return pets;
    }

    @Test
    void listSaysWhatThereIsAndHowToNameAFolder() throws IOException {
        Ran list = Ran.of("data", "list", "--data-dir", folder).succeeded();
        assertThat(list.out())
                .containsPattern("cifar10 +.* not here; `varepsilon data fetch cifar10`")
                .contains("folder:PATH");
        JsonNode rows = Ran.of("data", "list", "--data-dir", folder, "--json")
                .succeeded()
                .json()
                .get("data");
        assertThat(rows).hasSize(4);
        for (JsonNode row : rows) {
            assertThat(row.get("usable").asBoolean())
                    .isEqualTo(row.get("name").asText().equals("glyphs"));
        }
    }

    @Test
    void infoNamesWhatIsMissingOrOfTheWrongSize() throws IOException {
        assertThat(Ran.of("data", "info", "cifar10", "--data-dir", folder).failure())
                .contains("data_batch_1.bin is missing", "varepsilon data fetch cifar10", "--data-dir");
        for (int i = 1; i <= 5; i++) {
            cifar("data_batch_" + i + ".bin", i == 3 ? 3073 * 9_999 : 3073 * 10_000);
        }
        cifar("test_batch.bin", 3073 * 10_000);
        assertThat(Ran.of("data", "info", "cifar10", "--data-dir", folder).failure())
                .contains("data_batch_3.bin: holds 30726927 bytes; expected 30730000");
    }

    @Test
    void fetchRefusesAFileThatIsNotThePublishedOneBeforeItAsksTheNetwork() throws IOException {
        Path wrong = cifar("test_batch.bin", 3073 * 10_000);
        assertThat(Ran.of("data", "fetch", "cifar10", "--data-dir", folder).failure())
                .contains(
                        wrong + ": SHA-256 ",
                        "expected 8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
                        "move it away");
        assertThat(wrong).hasSize(3073 * 10_000);
        assertThat(folder.resolve("cifar-10-binary.tar.gz.part")).doesNotExist();
    }

    @Test
    void fetchRefusesAnArchiveThatIsNotThePublishedOneBeforeItAsksTheNetwork() throws IOException {
        Path wrong = Files.write(folder.resolve("cifar-10-binary.tar.gz"), new byte[100]);
        assertThat(Ran.of("data", "fetch", "cifar10", "--data-dir", folder).failure())
                .contains(wrong + ": SHA-256 ", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd");
        assertThat(folder.resolve("cifar-10-batches-bin")).doesNotExist();
    }

    @Test
    void aFolderOfPicturesIsADataSet() throws IOException {
        String name = "folder:" + pictures();
        assertThat(Ran.of("data", "info", name).succeeded().out())
                .contains("Images of 3×3×4 bytes", "cat", "dog")
                .doesNotContain("NOT the published");
        JsonNode info = Ran.of("data", "info", name, "--json").succeeded().json();
        assertThat(info.get("parts").get(0).get("size").asInt()).isEqualTo(8);
        assertThat(info.get("parts").get(1).get("size").asInt()).isEqualTo(2);
        assertThat(info.get("files")).isEmpty();
        assertThat(Ran.of("data", "fetch", name).succeeded().out()).contains("there is nothing to fetch");
    }

    @Test
    void aFolderThatIsNoneFails() throws IOException {
        Path missing = folder.resolve("missing");
        assertThat(Ran.of("data", "info", "folder:" + missing).failure())
                .contains(missing + ": there is no such folder");
        assertThat(Ran.of("data", "info", "folder:").refusal()).contains("expected folder:PATH");
        Path picture = pictures().resolve("dog/2.png");
        Files.write(picture, new byte[20]);
        assertThat(Ran.of("data", "info", "folder:" + folder.resolve("pets")).failure())
                .contains(picture + ": is not a PNG, JPEG, BMP or GIF image");
    }

    @Test
    void infoKnowsThePublishedCifar10() throws IOException {
        String named = System.getenv("VAREPSILON_DATA");
        assumeTrue(named != null && !named.isBlank(), "VAREPSILON_DATA is not set: no published data to test with");
        JsonNode info = Ran.of("data", "info", "cifar10", "--json").succeeded().json();
        assertThat(info.get("files"))
                .hasSize(6)
                .allMatch(file -> file.get("published").asBoolean());
        assertThat(info.get("parts").get(1).get("size").asInt()).isEqualTo(10_000);
    }
}
