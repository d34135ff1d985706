package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.tensor.InputException;

class DatasetsTest {
    @TempDir
    Path dataDir;

    private Path write(String name, byte[] content) throws IOException {
        Path file = dataDir.resolve("mnist").resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, content);
    }

    @ParameterizedTest
    @CsvSource({
        "minst,mnist",
        "MNIST,mnist",
        "fashion,fashion-mnist",
        "fashion_mnist,fashion-mnist",
        "glyph,glyphs",
        "cifar-10,cifar10"
    })
    void anUnknownNameGetsTheNearestAndAll(String asked, String nearest) {
        assertThatThrownBy(() -> Datasets.named(asked))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("'" + asked + "'")
                .hasMessageContaining("did you mean '" + nearest + "'")
                .hasMessageContaining("mnist, fashion-mnist, cifar10, glyphs, and folder:PATH");
    }

    @ParameterizedTest
    @CsvSource({"kitten,sitting,3", "'',abc,3", "abc,'',3", "same,same,0", "flaw,lawn,2"})
    void editDistanceIsLevenshteins(String from, String to, int distance) {
        assertThat(Datasets.editDistance(from, to)).isEqualTo(distance);
        assertThat(Datasets.editDistance(to, from)).isEqualTo(distance);
    }

    @Test
    void everyNameFindsItsSource() {
        assertThat(Datasets.all()).isNotEmpty();
        for (DataSource source : Datasets.all()) {
            assertThat(Datasets.named(source.name())).isSameAs(source);
        }
    }

    @Test
    void aMissingFileIsNamedWithPlaceAndRemedy() {
        assertThatThrownBy(() -> Datasets.load("mnist", Split.TRAIN, dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(
                        "train-images-idx3-ubyte.gz",
                        dataDir.resolve("mnist").toString(),
                        "varepsilon data fetch mnist",
                        "--data-dir",
                        "VAREPSILON_DATA");
        assertThatThrownBy(() -> DatasetInfo.of("fashion-mnist", dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("varepsilon data fetch fashion-mnist");
    }

    @Test
    void loadsPackedAndUnpackedFilesAndTellsThePartsApart() throws IOException {
        write("train-images-idx3-ubyte.gz", IdxFiles.gzip(IdxFiles.images(3, 28, 28)));
        write("train-labels-idx1-ubyte", IdxFiles.labels(7, 8, 9));
        write("t10k-images-idx3-ubyte", IdxFiles.images(1, 28, 28));
        write("t10k-labels-idx1-ubyte.gz", IdxFiles.gzip(IdxFiles.labels(4)));
        ImageSet train = Datasets.load("mnist", Split.TRAIN, dataDir);
        assertThat(train.name()).isEqualTo("mnist/train");
        assertThat(train.labels()).containsExactly(7, 8, 9);
        assertThat(Datasets.load("mnist", Split.TEST, dataDir).labels()).containsExactly(4);
    }

    @Test
    void refusesImagesOfAnotherSize() throws IOException {
        write("train-images-idx3-ubyte", IdxFiles.images(3, 32, 32));
        write("train-labels-idx1-ubyte", IdxFiles.labels(7, 8, 9));
        assertThatThrownBy(() -> Datasets.load("mnist", Split.TRAIN, dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("32×32; expected 28×28");
    }

    @Test
    void verifyComparesChecksumsAndInfoReportsThem() throws IOException {
        Path images = write("train-images-idx3-ubyte", IdxFiles.images(2, 28, 28));
        write("train-labels-idx1-ubyte", IdxFiles.labels(7, 7));
        write("t10k-images-idx3-ubyte", IdxFiles.images(1, 28, 28));
        write("t10k-labels-idx1-ubyte", IdxFiles.labels(4));
        assertThatThrownBy(() -> Datasets.verify("mnist", dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(images.toString())
                .hasMessageContaining("expected ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db");
        DatasetInfo info = DatasetInfo.of("mnist", dataDir);
        assertThat(info.files()).hasSize(4).noneMatch(DatasetInfo.File::published);
        assertThat(info.files().get(0).bytes()).isEqualTo(16 + 2 * 784);
        assertThat(info.parts()).extracting(DatasetInfo.Part::size).containsExactly(2, 1);
        assertThat(info.parts().get(0).classCounts()).containsExactly(0, 0, 0, 0, 0, 0, 0, 2, 0, 0);
    }

    @Test
    void glyphsNeedNoFiles() throws IOException {
        DatasetInfo info = DatasetInfo.of("glyphs", dataDir.resolve("nowhere"));
        assertThat(info.files()).isEmpty();
        assertThat(info.parts()).extracting(DatasetInfo.Part::size).containsExactly(20_000, 4_000);
        assertThat(info.classNames()).containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
        assertThat(Datasets.named("glyphs").downloads()).isEmpty();
    }

    @Test
    void everyDownloadIsDescribedWhole() {
        List<DataFile> files = Datasets.all().stream()
                .flatMap(source -> source.downloads().stream())
                .toList();
        assertThat(files).isNotEmpty();
        assertThat(files).extracting(DataFile::sha256).doesNotHaveDuplicates();
        for (DataFile file : files) {
            assertThat(file.mirrors()).isNotEmpty();
            String name = file.path().substring(file.path().lastIndexOf('/') + 1);
            assertThat(file.mirrors()).allMatch(mirror -> mirror.getPath().endsWith("/" + name));
        }
    }

    @ParameterizedTest
    @CsvSource({"../x", "/etc/x", "a/../../x", "''", "a/./x"})
    void aDownloadStaysInTheDataFolder(String path) {
        assertThatThrownBy(() -> new DataFile(path, 1, "0".repeat(64), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + path + "'");
    }
}
