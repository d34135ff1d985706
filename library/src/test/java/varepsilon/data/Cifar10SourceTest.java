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
import varepsilon.tensor.InputException;

class Cifar10SourceTest {
    private static final int RECORD = 3073;

    @TempDir
    Path dataDir;

    private Path folder;
    private Cifar10Source source;

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
        source = new Cifar10Source(
                List.of(file(first), file(second)),
                file(test),
                Cifar10Source.published().archive());
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
                        "data_batch_2.bin is missing",
                        folder.toString(),
                        "varepsilon data fetch cifar10",
                        "--data-dir",
                        "VAREPSILON_DATA");
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
        assertThat(stored.get(0).sha256())
                .isEqualTo(Checksums.sha256(stored.get(0).path()));
        assertThat(stored.get(2).sha256())
                .isEqualTo(HexFormat.of().formatHex(Checksums.newSha256().digest(records(200, 3, 8))));
    }
}
