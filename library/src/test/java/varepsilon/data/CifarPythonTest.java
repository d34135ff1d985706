package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;

/** CIFAR as torchvision keeps it. */
class CifarPythonTest {
    private static final String[] LABELS = {"labels"};
    private static final String[] FINE_AND_COARSE = {"fine_labels", "coarse_labels"};

    @TempDir
    Path dataDir;

    private static byte[] pixels(int count, int seed) {
        byte[] pixels = new byte[count * 3072];
        new Random(seed).nextBytes(pixels);
        return pixels;
    }

    private Path cifar10(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (int i = 1; i <= 5; i++) {
            Files.write(folder.resolve("data_batch_" + i), PythonBatches.file(LABELS, new int[] {i, 9}, pixels(2, i)));
        }
        Files.write(folder.resolve("test_batch"), PythonBatches.file(LABELS, new int[] {3}, pixels(1, 9)));
        return folder;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cifar-10-batches-py", "."})
    void readsFileAfterFile(String folder) throws IOException {
        cifar10(dataDir.resolve(folder));
        ImageSet train = Datasets.load("cifar10", Split.TRAIN, dataDir);
        assertThat(train.labels()).containsExactly(1, 9, 2, 9, 3, 9, 4, 9, 5, 9);
        assertThat(new int[] {train.channels(), train.height(), train.width()}).containsExactly(3, 32, 32);
        assertThat(train.classNames().get(9)).isEqualTo("truck");
        assertThat(train.image(5)).isEqualTo(Arrays.copyOfRange(pixels(2, 3), 3072, 6144));
        ImageSet test = Datasets.load("cifar10", Split.TEST, dataDir);
        assertThat(test.labels()).containsExactly(3);
        assertThat(test.image(0)).isEqualTo(pixels(1, 9));
    }

    @Test
    void hasTheFineLabelsOfCifar100() throws IOException {
        Path folder = Files.createDirectories(dataDir.resolve("cifar-100-python"));
        Files.write(folder.resolve("train"), PythonBatches.file(FINE_AND_COARSE, new int[] {99, 0, 41}, pixels(3, 1)));
        Files.write(folder.resolve("test"), PythonBatches.file(FINE_AND_COARSE, new int[] {7}, pixels(1, 2)));
        ImageSet train = Datasets.load("cifar100", Split.TRAIN, dataDir);
        assertThat(train.labels()).containsExactly(99, 0, 41);
        assertThat(train.classNames()).hasSize(100).doesNotHaveDuplicates();
        assertThat(train.classNames()).contains("lawn_mower");
        assertThat(train.classNames().get(99)).isEqualTo("worm");
        assertThat(Datasets.load("cifar100", Split.TEST, dataDir).image(0)).isEqualTo(pixels(1, 2));
    }

    @Test
    void manyImagesNeedLongMemos() throws IOException {
        Path folder = cifar10(dataDir.resolve("cifar-10-batches-py"));
        int[] labels = new Random(3).ints(300, 0, 10).toArray();
        Files.write(folder.resolve("test_batch"), PythonBatches.file(LABELS, labels, pixels(300, 5)));
        assertThat(Datasets.load("cifar10", Split.TEST, dataDir).labels()).containsExactly(labels);
    }

    @Test
    void theBinaryVersionComesFirst() throws IOException {
        cifar10(dataDir.resolve("cifar-10-batches-py"));
        Path binary = Files.createDirectories(dataDir.resolve("cifar-10-batches-bin"));
        Files.write(binary.resolve("test_batch.bin"), new byte[100]);
        assertThatThrownBy(() -> Datasets.load("cifar10", Split.TEST, dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(binary.resolve("test_batch.bin") + ": holds 100 bytes");
    }

    @Test
    void theirMd5TellsThatTheyAreNotThePublishedFiles() throws IOException {
        Path folder = cifar10(dataDir.resolve("cifar-10-batches-py"));
        assertThat(Datasets.named("cifar10").notes(dataDir))
                .hasSize(1)
                .first()
                .asString()
                .contains(folder.resolve("test_batch").toString(), ": not as published");
        assertThatThrownBy(() -> Datasets.verify("cifar10", dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(
                        folder.resolve("data_batch_1") + ": checksum " + Checksums.md5(folder.resolve("data_batch_1")))
                .hasMessageContaining("expected c99cafc152244af753f735de768cd75f");
        assertThat(DatasetInfo.of("cifar10", dataDir).files()).hasSize(6).noneMatch(DatasetInfo.File::published);
    }

    @Test
    void md5IsThatOfRfc1321() throws IOException {
        Path file = Files.writeString(dataDir.resolve("abc"), "abc");
        assertThat(Checksums.md5(file)).isEqualTo("900150983cd24fb0d6963f7d28e17f72");
    }

    @Test
    void aLabelThatNamesNoClassIsRefused() throws IOException {
        Path folder = cifar10(dataDir.resolve("cifar-10-batches-py"));
        Files.write(folder.resolve("test_batch"), PythonBatches.file(LABELS, new int[] {2, 10}, pixels(2, 5)));
        expectRefusal(folder.resolve("test_batch"), "label 10 in record 1");
    }

    private void expectRefusal(Path file, String... parts) {
        assertThatThrownBy(() -> Datasets.load("cifar10", Split.TEST, dataDir))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void nothingElseThanArraysIsMade() throws IOException {
        Path file = cifar10(dataDir.resolve("cifar-10-batches-py")).resolve("test_batch");
        Files.write(file, "\u0080\u0002cos\nsystem\nU\u0004trueR.".getBytes(StandardCharsets.ISO_8859_1));
        expectRefusal(file, "names the Python object os.system", "nothing of it was run");
        Files.write(file, "\u0080\u0004.".getBytes(StandardCharsets.ISO_8859_1));
        expectRefusal(file, "pickle protocol 4");
        Files.write(file, "\u0080\u0002}.".getBytes(StandardCharsets.ISO_8859_1));
        expectRefusal(file, "holds no dict with 'data' and 'labels'");
        Files.write(file, PythonBatches.file(FINE_AND_COARSE, new int[] {1}, pixels(1, 1)));
        expectRefusal(file, "holds no dict with 'data' and 'labels'");
        Files.write(file, PythonBatches.file(LABELS, new int[] {1, 2}, pixels(1, 1)));
        expectRefusal(file, "3072 bytes of pixels for 2 labels");
    }

    @Test
    void cutOffOrDamagedAnywhereItIsRefusedOrRead() throws IOException {
        Path file = cifar10(dataDir.resolve("cifar-10-batches-py")).resolve("test_batch");
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length += length < 250 || length > 3400 ? 1 : 100) {
            Files.write(file, Arrays.copyOf(whole, length));
            expectRefusal(file, "");
        }
        Random random = new Random(1);
        int refused = 0;
        for (int trial = 0; trial < 300; trial++) {
            byte[] damaged = whole.clone();
            int at = random.nextInt(500);
            damaged[at < 250 ? at : whole.length - at + 249] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, damaged);
            try {
                assertThat(Datasets.load("cifar10", Split.TEST, dataDir).size()).isEqualTo(1);
            } catch (InputException e) {
                assertThat(e).hasMessageStartingWith(file + ": ");
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(30);
    }
}
