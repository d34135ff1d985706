package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;

class IdxTest {
    private static final List<String> CLASSES = List.of("zero", "one", "two");

    @TempDir
    Path folder;

    private Path images;
    private Path labels;

    @BeforeEach
    void writeGoodFiles() throws IOException {
        images = Files.write(folder.resolve("images"), IdxFiles.images(4, 3, 2));
        labels = Files.write(folder.resolve("labels"), IdxFiles.labels(2, 0, 1, 2));
    }

    private ImageSet read() throws IOException {
        return Idx.read("small", images, labels, CLASSES);
    }

    private void expectRefusal(Path culprit, String... parts) {
        assertThatThrownBy(this::read)
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(culprit + ":")
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
    }

    private static byte[] plus(byte[] start, byte... end) {
        byte[] both = Arrays.copyOf(start, start.length + end.length);
        System.arraycopy(end, 0, both, start.length, end.length);
        return both;
    }

    @Test
    void readsImagesAndLabels() throws IOException {
        ImageSet set = read();
        assertThat(set.size()).isEqualTo(4);
        assertThat(new int[] {set.channels(), set.height(), set.width()}).containsExactly(1, 3, 2);
        assertThat(set.labels()).containsExactly(2, 0, 1, 2);
        assertThat(set.image(1)).containsExactly(6, 7, 8, 9, 10, 11);
        assertThat(set.classNames()).isEqualTo(CLASSES);
    }

    @Test
    void gzipIsToldByContentNotByName() throws IOException {
        String plain = read().sha256();
        Files.write(images, IdxFiles.gzip(IdxFiles.images(4, 3, 2)));
        assertThat(read().sha256()).isEqualTo(plain);
        Path named = Files.write(folder.resolve("labels.gz"), IdxFiles.labels(2, 0, 1, 2));
        assertThat(Idx.read("small", images, named, CLASSES).sha256()).isEqualTo(plain);
    }

    @Test
    void gzipHeaderMayCarryNameCommentAndExtraField() throws IOException {
        byte[] packed = IdxFiles.gzip(IdxFiles.images(4, 3, 2));
        byte[] header = {0x1f, (byte) 0x8b, 8, 4 | 8 | 16 | 2, 0, 0, 0, 0, 0, 3};
        byte[] rest = Arrays.copyOfRange(packed, 10, packed.length);
        byte[] fields = {2, 0, 7, 7, 'n', 'a', 'm', 'e', 0, 'c', 0, 9, 9};
        Files.write(images, plus(plus(header, fields), rest));
        assertThat(read().image(1)).containsExactly(6, 7, 8, 9, 10, 11);
    }

    @Test
    void refusesAnotherMagicNumber() throws IOException {
        Files.write(images, IdxFiles.idx(0xd03, new int[] {1, 1, 1}, new byte[4]));
        expectRefusal(images, "0x00000d03", "expected 0x00000803", "IDX images");
    }

    @Test
    void refusesSwappedFilesAndSaysSo() {
        Path keep = images;
        images = labels;
        labels = keep;
        expectRefusal(labels, "0x00000803", "expected 0x00000801", "swapped");
    }

    @Test
    void refusesAnEmptyFile() throws IOException {
        Files.write(images, new byte[0]);
        expectRefusal(images, "0 bytes");
    }

    @Test
    void refusesAHeaderThatBreaksOff() throws IOException {
        Files.write(images, Arrays.copyOf(IdxFiles.images(4, 3, 2), 11));
        expectRefusal(images, "cut off within the header");
    }

    @Test
    void refusesAFileThatBreaksOff() throws IOException {
        byte[] whole = IdxFiles.images(4, 3, 2);
        Files.write(images, Arrays.copyOf(whole, whole.length - 1));
        expectRefusal(images, "4×3×2", "23 are there", "cut off");
    }

    @Test
    void refusesGzipThatBreaksOffAnywhere() throws IOException {
        byte[] packed = IdxFiles.gzip(IdxFiles.images(4, 3, 2));
        for (int length = 2; length < packed.length; length++) {
            Files.write(images, Arrays.copyOf(packed, length));
            expectRefusal(images, "; delete it and fetch or copy it again");
        }
    }

    @Test
    void refusesGzipOfAFileThatBreaksOff() throws IOException {
        byte[] whole = IdxFiles.images(4, 3, 2);
        Files.write(images, IdxFiles.gzip(Arrays.copyOf(whole, whole.length - 1)));
        expectRefusal(images, "23 are there");
    }

    @Test
    void refusesBytesBehindTheEnd() throws IOException {
        Files.write(images, plus(IdxFiles.images(4, 3, 2), (byte) 0));
        expectRefusal(images, "more content than the 40 bytes");
        Files.write(images, IdxFiles.gzip(plus(IdxFiles.images(4, 3, 2), (byte) 0)));
        expectRefusal(images, "more content than the 40 bytes");
        Files.write(images, plus(IdxFiles.gzip(IdxFiles.images(4, 3, 2)), (byte) 1, (byte) 2, (byte) 3));
        expectRefusal(images, "3 bytes too many");
    }

    @Test
    void refusesGzipWithAWrongChecksum() throws IOException {
        byte[] packed = IdxFiles.gzip(IdxFiles.images(4, 3, 2));
        packed[packed.length - 5] ^= 1;
        Files.write(images, packed);
        expectRefusal(images, "checksum");
    }

    @Test
    void refusesDamagedGzip() throws IOException {
        byte[] packed = IdxFiles.gzip(IdxFiles.images(4, 3, 2));
        packed[10] = 7; // A block of the reserved type.
        Files.write(images, packed);
        expectRefusal(images, "damaged gzip data");
    }

    @Test
    void refusesPromisesOfTooMuchWithoutAskingForMemory() throws IOException {
        int[][] stated = {{Integer.MIN_VALUE, 28, 28}, {-1, -1, -1}, {60_000, 28, 28}, {1 << 30, 2, 1}};
        for (int[] sizes : stated) {
            byte[] file = IdxFiles.idx(0x803, sizes, new byte[100]);
            Files.write(images, file);
            expectRefusal(images, "states", Integer.toUnsignedString(sizes[0]), "more than the file can hold");
            Files.write(images, IdxFiles.gzip(file));
            expectRefusal(images, "states", Integer.toUnsignedString(sizes[0]), "more than the file can hold");
        }
    }

    @Test
    void refusesNoImages() throws IOException {
        for (int[] sizes : new int[][] {{0, 28, 28}, {5, 0, 28}}) {
            Files.write(images, IdxFiles.idx(0x803, sizes, new byte[0]));
            expectRefusal(images, "expected at least one");
        }
    }

    @Test
    void refusesImagesAndLabelsOfDifferentCounts() throws IOException {
        Files.write(labels, IdxFiles.labels(2, 0, 1));
        expectRefusal(images, "4 images", "3 labels", labels.toString());
    }

    @Test
    void refusesALabelThatNamesNoClass() throws IOException {
        Files.write(labels, IdxFiles.labels(2, 0, 3, 1));
        expectRefusal(labels, "label 3 of image 2", "expected 0 to 2");
        Files.write(labels, IdxFiles.labels(2, 0, 255, 1));
        expectRefusal(labels, "label 255 of image 2");
    }

    @Test
    void aFileThatCannotBeReadIsAnInputOutputError() throws IOException {
        Files.delete(labels);
        assertThatThrownBy(this::read).isInstanceOf(NoSuchFileException.class);
    }
}
