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
import varepsilon.base.InputException;

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
        "cifar-10,cifar10",
        "cifar-100,cifar100"
    })
    void anUnknownNameGetsTheNearestAndAll(String asked, String nearest) {
        assertThatThrownBy(() -> Datasets.named(asked))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("'" + asked + "'")
                .hasMessageContaining("did you mean '" + nearest + "'")
                .hasMessageContaining(
                        "mnist, fashion-mnist, cifar10, cifar100, glyphs, shapes, folder:PATH, idx:IMAGES,LABELS and numpy:FILE.npz");
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
                        "fetch it",
                        "data folder",
                        "VAREPSILON_DATA");
        assertThatThrownBy(() -> DatasetInfo.of("fashion-mnist", dataDir))
                .isInstanceOfSatisfying(
                        DataFilesException.class,
                        failure -> assertThat(failure.dataSet()).isEqualTo("fashion-mnist"));
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

    /** The four files of a tiny MNIST whose training labels are 7, 8, 9. */
    private void tiny(Path folder, String join, boolean packed) throws IOException {
        Files.createDirectories(folder);
        String[] names = {"train-images", "train-labels", "t10k-images", "t10k-labels"};
        byte[][] contents = {
            IdxFiles.images(3, 28, 28), IdxFiles.labels(7, 8, 9), IdxFiles.images(1, 28, 28), IdxFiles.labels(4)
        };
        for (int i = 0; i < names.length; i++) {
            String name = names[i] + join + (i % 2 == 0 ? "idx3" : "idx1") + "-ubyte" + (packed ? ".gz" : "");
            Files.write(folder.resolve(name), packed ? IdxFiles.gzip(contents[i]) : contents[i]);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mnist,mnist,-,true",
        "mnist,mnist,.,true",
        "mnist,mnist,.,false",
        "MNIST/raw,mnist,-,false",
        "FashionMNIST/raw,fashion-mnist,-,true",
        "raw,mnist,-,false",
        "raw,fashion-mnist,.,false",
        ".,mnist,-,true",
        ".,fashion-mnist,.,false"
    })
    void findsFilesWherePeopleHaveThem(String place, String name, String join, boolean packed) throws IOException {
        tiny(dataDir.resolve(place), join, packed);
        assertThat(Datasets.load(name, Split.TRAIN, dataDir).labels()).containsExactly(7, 8, 9);
        assertThat(Datasets.load(name, Split.TEST, dataDir).labels()).containsExactly(4);
        assertThat(Datasets.named(name).stored(dataDir))
                .hasSize(4)
                .allMatch(file -> file.path()
                        .normalize()
                        .getParent()
                        .equals(dataDir.resolve(place).normalize()));
    }

    @Test
    void theOwnFolderComesFirst() throws IOException {
        tiny(dataDir, "-", true);
        tiny(dataDir.resolve("MNIST/raw"), "-", true);
        write("train-labels-idx1-ubyte", IdxFiles.labels(1, 2, 3));
        write("train-images-idx3-ubyte", IdxFiles.images(3, 28, 28));
        assertThat(Datasets.load("mnist", Split.TRAIN, dataDir).labels()).containsExactly(1, 2, 3);
        // Files of two folders do not mix.
        assertThatThrownBy(() -> Datasets.load("mnist", Split.TEST, dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("t10k-images-idx3-ubyte.gz is missing");
    }

    @ParameterizedTest
    @CsvSource({"train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"})
    void aFolderInPlaceOfAFileIsNamedAndIsNotTheDataSet(String name) throws IOException {
        tiny(dataDir.resolve("mnist"), "-", true);
        Files.delete(dataDir.resolve("mnist/train-images-idx3-ubyte.gz"));
        Path inTheWay = Files.createDirectories(dataDir.resolve("mnist").resolve(name));
        String message = inTheWay + ": is a folder; expected a file";
        assertThatThrownBy(() -> Datasets.named("mnist").stored(dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(message);
        assertThatThrownBy(() -> Datasets.load("mnist", Split.TRAIN, dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(message);
        // A whole file beside it is what counts.
        tiny(dataDir.resolve("mnist"), ".", false);
        assertThat(Datasets.load("mnist", Split.TRAIN, dataDir).size()).isEqualTo(3);
    }

    @Test
    void notesNameEveryFileThatIsNotThePublishedOne() throws IOException {
        tiny(dataDir.resolve("mnist"), "-", false);
        List<Path> files = Datasets.named("mnist").stored(dataDir).stream()
                .map(DataSource.StoredFile::path)
                .toList();
        assertThat(Datasets.named("mnist").notes(dataDir)).hasSize(1);
        assertThat(Datasets.named("mnist").notes(dataDir).get(0))
                .startsWith(files.get(0) + ", " + files.get(1) + ", " + files.get(2) + ", " + files.get(3)
                        + ": not as published; figures from them do not compare with others' on mnist");
        assertThat(Datasets.named("glyphs").notes(dataDir)).isEmpty();
    }

    @Test
    void idxFilesOfOnesOwn() throws IOException {
        Path images = Files.write(dataDir.resolve("a.idx"), IdxFiles.images(6, 5, 4));
        Path labels = Files.write(dataDir.resolve("b.gz"), IdxFiles.gzip(IdxFiles.labels(0, 1, 2, 3, 4, 2)));
        String pair = "idx:" + images + "," + labels;
        ImageSet train = Datasets.load(pair, Split.TRAIN, dataDir);
        assertThat(new int[] {train.size(), train.height(), train.width()}).containsExactly(5, 5, 4);
        assertThat(train.labels()).containsExactly(0, 1, 2, 3, 2);
        assertThat(train.classNames()).containsExactly("0", "1", "2", "3", "4");
        ImageSet test = Datasets.load(pair, Split.TEST, dataDir);
        assertThat(test.labels()).containsExactly(4);
        assertThat(test.image(0)[0] & 0xff).isEqualTo(4 * 20);
        // Two pairs are the two parts; classes are those of both.
        Path more = Files.write(dataDir.resolve("c.idx"), IdxFiles.labels(0, 1, 2, 3, 4, 6));
        String two = pair + "," + images + "," + more;
        assertThat(Datasets.load(two, Split.TRAIN, dataDir).classNames()).hasSize(7);
        assertThat(Datasets.load(two, Split.TRAIN, dataDir).size()).isEqualTo(6);
        assertThat(Datasets.load(two, Split.TEST, dataDir).labels()).containsExactly(0, 1, 2, 3, 4, 6);
        // Without labels.
        assertThat(Datasets.load("idx:" + images, Split.TRAIN, dataDir).isLabelled())
                .isFalse();
        assertThat(Datasets.load("idx:" + images, Split.TEST, dataDir).size()).isEqualTo(1);
        DatasetInfo info = DatasetInfo.of(pair, dataDir);
        assertThat(info.files()).isEmpty();
        assertThat(info.notes()).isEmpty();
        assertThat(Datasets.named("idx:some,where").name())
                .isEqualTo("idx:" + Path.of("some").toAbsolutePath() + ","
                        + Path.of("where").toAbsolutePath());
    }

    @Test
    void idxFilesThatDoNotFitAreRefused() throws IOException {
        Path images = Files.write(dataDir.resolve("a.idx"), IdxFiles.images(6, 5, 4));
        Path labels = Files.write(dataDir.resolve("b.idx"), IdxFiles.labels(0, 1));
        for (String wrong : new String[] {"idx:", "idx:a,", "idx:a,b,c", "idx:a,b,c,d,e", "idx:a\0,b"}) {
            assertThatThrownBy(() -> Datasets.named(wrong))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("expected idx:IMAGES,LABELS");
        }
        expectRefused("idx:" + images + "," + labels, "holds 6 images, but " + labels + " holds 2 labels");
        expectRefused("idx:" + labels + "," + images, "images and labels are swapped");
        expectRefused("idx:" + dataDir + "," + labels, dataDir + ": is a folder; expected a file");
    }

    private void expectRefused(String name, String why) {
        assertThatThrownBy(() -> Datasets.load(name, Split.TRAIN, dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(why);
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
