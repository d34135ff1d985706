package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;

class CifarSourceTest {
    private static final int RECORD = 3073;

    @TempDir
    Path dataDir;

    private Path folder;
    private CifarSource source;

    /** Records whose pixel k is (start + record + k) modulo 251. */
    static byte[] records(int start, int... labels) {
        byte[] bytes = new byte[labels.length * RECORD];
        for (int r = 0; r < labels.length; r++) {
            bytes[r * RECORD] = (byte) labels[r];
            for (int k = 0; k < RECORD - 1; k++) {
                bytes[r * RECORD + 1 + k] = (byte) ((start + r + k) % 251);
            }
        }
        return bytes;
    }

    private static DataFile file(Path file) throws IOException {
        String path = "cifar-10-batches-bin/" + file.getFileName();
        return new DataFile(path, Files.size(file), Checksums.sha256(file), List.of());
    }

    @BeforeEach
    void writeGoodFiles() throws IOException {
        folder = Files.createDirectories(dataDir.resolve("cifar-10-batches-bin"));
        Path first = Files.write(folder.resolve("data_batch_1.bin"), records(0, 6, 9));
        Path second = Files.write(folder.resolve("data_batch_2.bin"), records(100, 0, 4));
        Path test = Files.write(folder.resolve("test_batch.bin"), records(200, 3, 8));
        source = new CifarSource(
                CifarSource.CIFAR10,
                List.of(file(first), file(second)),
                file(test),
                CifarSource.cifar10().archive());
    }

    private void expectRefusal(String fileName, String... parts) {
        assertThatThrownBy(() -> source.load(Split.TRAIN, dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(folder.resolve(fileName) + ":")
                .hasMessageContainingAll(parts)
                .hasMessageEndingWith(Idx.REMEDY)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void readsFileAfterFileAndTellsThePartsApart() throws IOException {
        ImageSet train = source.load(Split.TRAIN, dataDir);
        assertThat(train.name()).isEqualTo("cifar10/train");
        assertThat(new int[] {train.size(), train.channels(), train.height(), train.width()})
                .containsExactly(4, 3, 32, 32);
        assertThat(train.labels()).containsExactly(6, 9, 0, 4);
        assertThat(train.classNames().get(6)).isEqualTo("frog");
        assertThat(train.image(3)).isEqualTo(Arrays.copyOfRange(records(100, 0, 4), RECORD + 1, 2 * RECORD));
        assertThat(source.load(Split.TEST, dataDir).labels()).containsExactly(3, 8);
    }

    @Test
    void planesAreRedGreenBlue() throws IOException {
        byte[] record = new byte[RECORD];
        Arrays.fill(record, 1, 1025, (byte) 255); // red
        Arrays.fill(record, 1025, 2049, (byte) 51); // green
        byte[] both = Arrays.copyOf(record, 2 * RECORD);
        System.arraycopy(record, 0, both, RECORD, RECORD);
        Files.write(folder.resolve("test_batch.bin"), both);
        assertThat(source.load(Split.TEST, dataDir).statistics().mean()).containsExactly(1.0, 0.2, 0.0);
    }

    @Test
    void aPartNeedsOnlyItsOwnFiles() throws IOException {
        Files.delete(folder.resolve("data_batch_2.bin"));
        assertThat(source.load(Split.TEST, dataDir).size()).isEqualTo(2);
        assertThatThrownBy(() -> source.load(Split.TRAIN, dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(
                        "data_batch_2.bin is missing", folder.toString(), "fetch it", "data folder", "VAREPSILON_DATA");
        assertThatThrownBy(() -> source.stored(dataDir)).isInstanceOf(InputException.class);
    }

    @Test
    void refusesAnyOtherSize() throws IOException {
        byte[] whole = records(100, 0, 4);
        for (int size : new int[] {0, 1, RECORD, whole.length - 1, whole.length + 1, 3 * RECORD}) {
            Files.write(folder.resolve("data_batch_2.bin"), Arrays.copyOf(whole, size));
            expectRefusal("data_batch_2.bin", "holds " + size + " bytes", "expected 6146", "2 records of 3073");
        }
    }

    @Test
    void refusesALabelThatNamesNoClass() throws IOException {
        Files.write(folder.resolve("data_batch_1.bin"), records(0, 6, 10));
        expectRefusal("data_batch_1.bin", "label 10 in record 1", "expected 0 to 9");
        Files.write(folder.resolve("data_batch_1.bin"), records(0, 255, 1));
        expectRefusal("data_batch_1.bin", "label 255 in record 0");
    }

    @Test
    void storedNamesEveryFileWithItsPublishedChecksum() throws IOException {
        Files.write(folder.resolve("test_batch.bin"), records(1, 1, 1));
        List<DataSource.StoredFile> stored = source.stored(dataDir);
        assertThat(stored).hasSize(3);
        assertThat(stored.get(0).checksum())
                .isEqualTo(Checksums.sha256(stored.get(0).path()));
        assertThat(stored.get(2).checksum())
                .isEqualTo(HexFormat.of().formatHex(Checksums.newSha256().digest(records(200, 3, 8))));
    }

    @Test
    void theDataFolderMayBeTheFolderOfTheFiles() throws IOException {
        assertThat(source.load(Split.TRAIN, folder).labels()).containsExactly(6, 9, 0, 4);
        assertThat(source.stored(folder))
                .extracting(file -> file.path().getParent())
                .containsOnly(folder);
        assertThatThrownBy(() -> source.stored(Files.createDirectories(dataDir.resolve("empty"))))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(
                        "cifar10: data_batch_1.bin is missing", "cifar-10-batches-bin/", "cifar-10-batches-py/");
    }

    @Test
    void aFolderInPlaceOfAFileIsNamed() throws IOException {
        Files.delete(folder.resolve("test_batch.bin"));
        Files.createDirectories(folder.resolve("test_batch.bin"));
        assertThatThrownBy(() -> source.stored(dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(folder.resolve("test_batch.bin") + ": is a folder; expected a file");
    }

    @Test
    void ofTwoLabelsTheSecondIsTheFineOne() throws IOException {
        Path hundred = Files.createDirectories(dataDir.resolve("cifar-100-binary"));
        byte[] record = new byte[2 + 3072];
        record[0] = 4;
        record[1] = 99;
        record[2] = 17;
        byte[] two = Arrays.copyOf(record, 2 * record.length);
        two[record.length + 1] = 1;
        Path train = Files.write(hundred.resolve("train.bin"), two);
        Path test = Files.write(hundred.resolve("test.bin"), record);
        CifarSource small = new CifarSource(
                CifarSource.CIFAR100,
                List.of(new DataFile("cifar-100-binary/train.bin", two.length, Checksums.sha256(train), List.of())),
                new DataFile("cifar-100-binary/test.bin", record.length, Checksums.sha256(test), List.of()),
                CifarSource.cifar100().archive());
        ImageSet images = small.load(Split.TRAIN, dataDir);
        assertThat(images.name()).isEqualTo("cifar100/train");
        assertThat(images.labels()).containsExactly(99, 1);
        assertThat(images.classNames()).hasSize(100).isSorted();
        assertThat(images.image(0)[0]).isEqualTo((byte) 17);
        assertThat(small.load(Split.TEST, hundred).labels()).containsExactly(99);
        two[record.length + 1] = 100;
        Files.write(train, two);
        assertThatThrownBy(() -> small.load(Split.TRAIN, dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("label 100 in record 1; expected 0 to 99");
    }

    @Test
    void theSizesOfCifar100AreThoseOfItsRecords() {
        CifarSource hundred = CifarSource.cifar100();
        assertThat(hundred.train()).extracting(DataFile::bytes).containsExactly(50_000L * 3074);
        assertThat(hundred.test().bytes()).isEqualTo(10_000L * 3074);
    }
}
