package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.data.NumpyFile;

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
                .contains("folder:PATH", "folder:PATH,LABELS.csv", "numpy:FILE.npz");
        JsonNode rows = Ran.of("data", "list", "--data-dir", folder, "--json")
                .succeeded()
                .json()
                .get("data");
        assertThat(rows).hasSize(6);
        for (JsonNode row : rows) {
            assertThat(row.get("usable").asBoolean())
                    .isEqualTo(
                            List.of("glyphs", "shapes").contains(row.get("name").asText()));
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
                .contains(picture + ": is not a PNG, JPEG, BMP, GIF, TIFF or PNM image");
    }

    @Test
    void arraysOfNumPyAreADataSet() throws IOException {
        Path images = folder.resolve("images.npy");
        NumpyFile.write(images, new byte[10 * 4 * 6 * 3], 10, 4, 6, 3);
        Path labels = folder.resolve("labels.npy");
        NumpyFile.write(labels, new byte[] {0, 1, 2, 0, 1, 2, 0, 1, 2, 0}, 10);
        String name = "numpy:" + images + "," + labels;
        JsonNode info = Ran.of("data", "info", name, "--json").succeeded().json();
        assertThat(info.get("channels").asInt()).isEqualTo(3);
        assertThat(info.get("width").asInt()).isEqualTo(6);
        assertThat(info.get("class_names")).hasSize(3);
        assertThat(info.get("parts").get(0).get("size").asInt()).isEqualTo(8);
        assertThat(Ran.of("data", "info", "numpy:" + labels + "," + images).failure())
                .contains(labels + ": 'array' ('|u1' 10) is not clearly of images");
        assertThat(Ran.of("data", "info", "numpy:a,b,c").refusal()).contains("expected numpy:FILE.npz");
    }

    private Path unlabelled() throws IOException {
        Path digits = Files.createDirectories(folder.resolve("digits"));
        ImageSet drawn = Glyphs.draw("digits", 60, 1);
        for (int i = 0; i < drawn.size(); i++) {
            BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
            image.getRaster().setDataElements(0, 0, 28, 28, drawn.image(i));
            ImageIO.write(image, "png", digits.resolve(100 + i + ".png").toFile());
        }
        return digits;
    }

    @Test
    void imagesWithoutLabelsAreForVaesOnly() throws IOException {
        String name = "folder:" + unlabelled();
        assertThat(Ran.of("data", "info", name).succeeded().out())
                .contains("train      48", "test       12", "The images have no labels.");
        Path run = folder.resolve("run");
        Ran trained = Ran.of(
                "vae",
                "train",
                "--data",
                name,
                "--out",
                run,
                "--filters",
                2,
                "--latent-dim",
                2,
                "--epochs",
                1,
                "--batch-size",
                16,
                "--threads",
                1,
                "--device",
                "cpu");
        assertThat(trained.succeeded().out()).contains("(12 images)");
        Path none = folder.resolve("none");
        assertThat(Ran.of("classifier", "train", "--data", name, "--out", none, "--validation", 10)
                        .failure())
                .contains("folder:", "have no labels", "a sub-folder for each class");
        assertThat(none).doesNotExist();
    }

    @Test
    void whatIsLeftOutIsNotedUnlessOneWantsQuiet() throws IOException {
        Path pets = pictures();
        Files.write(pets.resolve("cat/5.webp"), new byte[20]);
        String note = "Note: " + pets + ": left out 1 file that cannot be read as images: 1 *.webp";
        assertThat(Ran.of("data", "info", "folder:" + pets).succeeded().err()).contains(note);
        assertThat(Ran.of("data", "info", "folder:" + pets, "--quiet")
                        .succeeded()
                        .err())
                .doesNotContain("Note");
    }

    @Test
    void trainingNotesFilesThatAreNotThePublishedOnes() throws IOException {
        Path data = SmallMnist.in(folder.resolve("data"));
        Path run = folder.resolve("run");
        Path file = data.resolve("mnist").resolve("train-images-idx3-ubyte");
        String note = "Note: " + file + ", ";
        assertThat(Ran.of(Ran.smallTraining(data, run, 1).toArray()).succeeded().err())
                .contains(note, "not as published");
        assertThat(Ran.of("vae", "evaluate", "--weights", run, "--data", "mnist", "--data-dir", data, "--device", "cpu")
                        .succeeded()
                        .err())
                .contains(note);
        assertThat(Ran.of("vae", "train", "--resume", run, "--epochs", 2, "--data-dir", data)
                        .succeeded()
                        .err())
                .contains(note);
    }

    @Test
    void aFolderWhereAFileIsExpectedIsNotThere() throws IOException {
        Path inTheWay = Files.createDirectories(folder.resolve("mnist/train-images-idx3-ubyte"));
        assertThat(Ran.of("data", "info", "mnist", "--data-dir", folder).failure())
                .contains(inTheWay + ": is a folder; expected a file");
        assertThat(Ran.of("doctor", "--data-dir", folder).succeeded().out()).containsPattern("mnist +not here");
        assertThat(Ran.of("data", "info", "idx:" + folder + "," + folder).failure())
                .contains(folder + ": is a folder; expected a file");
        assertThat(Ran.of("data", "info", "idx:a,b,c").refusal()).contains("expected idx:IMAGES,LABELS");
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
