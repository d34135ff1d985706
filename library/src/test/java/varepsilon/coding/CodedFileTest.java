package varepsilon.coding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;

class CodedFileTest {
    @TempDir
    Path folder;

    private Path path;
    private byte[] whole;

    @BeforeEach
    void write() throws IOException {
        path = folder.resolve("images.bin");
        new CodedFile("{\"σ\": 1}", new byte[] {1, 2, 3, -4, 0}).write(path);
        whole = Files.readAllBytes(path);
    }

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        CodedFile read = CodedFile.read(path);
        assertThat(read.header()).isEqualTo("{\"σ\": 1}");
        assertThat(read.payload()).containsExactly(1, 2, 3, -4, 0);
        assertThat(read.bytes()).isEqualTo(whole.length).isEqualTo(20 + 9 + 5 + 4);
        new CodedFile("", new byte[0]).write(path);
        assertThat(CodedFile.read(path).payload()).isEmpty();
        assertThat(CodedFile.read(path).header()).isEmpty();
    }

    @Test
    void theLayoutIsTheOneThatIsDocumented() {
        ByteBuffer bytes = ByteBuffer.wrap(whole);
        byte[] magic = new byte[8];
        bytes.get(magic);
        assertThat(magic).containsExactly(0x89, 0x56, 0x45, 0x50, 0x53, 0x0D, 0x0A, 0x1A);
        assertThat(new int[] {bytes.getInt(), bytes.getInt(), bytes.getInt()}).containsExactly(1, 9, 5);
        assertThat(whole).containsSubsequence("{\"σ\": 1}".getBytes(StandardCharsets.UTF_8));
        CRC32C checksum = new CRC32C();
        checksum.update(whole, 0, whole.length - 4);
        assertThat(bytes.getInt(whole.length - 4)).isEqualTo((int) checksum.getValue());
    }

    @Test
    void everyFlippedBitIsFound() throws IOException {
        for (int bit = 0; bit < 8 * whole.length; bit++) {
            byte[] altered = whole.clone();
            altered[bit / 8] ^= (byte) (1 << bit % 8);
            refused(altered, "");
        }
        for (int i = 0; i < whole.length; i++) {
            byte[] altered = whole.clone();
            altered[i] = (byte) ~altered[i];
            refused(altered, "");
        }
        byte[] altered = whole.clone();
        altered[31] ^= 1;
        refused(altered, "altered or damaged: its checksum differs");
    }

    @Test
    void everyTruncationIsFound() throws IOException {
        for (int length = 0; length < whole.length; length++) {
            refused(
                    Arrays.copyOf(whole, length),
                    length < 8 ? "not a compressed file" : "truncated: " + length + " bytes");
        }
    }

    @Test
    void whatFollowsTheEndIsFound() throws IOException {
        refused(Arrays.copyOf(whole, whole.length + 1), "39 bytes; expected 38");
    }

    @Test
    void anotherVersionIsNamed() throws IOException {
        byte[] other = whole.clone();
        other[11] = 2;
        refused(other, "version 2 of the format; this program reads version 1");
    }

    @Test
    void sizesBeyondTheFileAreRefusedWithoutMemoryForThem() throws IOException {
        byte[] huge = whole.clone();
        Arrays.fill(huge, 12, 20, (byte) 0xFF);
        refused(huge, "truncated: 38 bytes; expected 8589934614");
    }

    @Test
    void aHeaderThatIsNotTextIsRefused() throws IOException {
        byte[] broken = whole.clone();
        broken[20] = (byte) 0xFF;
        CRC32C checksum = new CRC32C();
        checksum.update(broken, 0, broken.length - 4);
        ByteBuffer.wrap(broken).putInt(broken.length - 4, (int) checksum.getValue());
        refused(broken, "its header is not UTF-8 text");
    }

    @Test
    void whatIsNoFileIsRefused() {
        assertThatThrownBy(() -> CodedFile.read(folder))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(folder + ": not a file");
        assertThatThrownBy(() -> CodedFile.read(folder.resolve("absent")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no such file");
    }

    private void refused(byte[] bytes, String why) throws IOException {
        Files.write(path, bytes);
        assertThatThrownBy(() -> CodedFile.read(path))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(path + ": ")
                .hasMessageContaining(why);
    }
}
