package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;

class TarGzTest {
    private static final byte[] FIRST = noise(1, 1_500);
    private static final byte[] SECOND = noise(2, 300);

    @TempDir
    Path folder;

    private Path archive;
    private Path dataDir;
    private List<DataFile> wanted;

    /** Puts entries into an archive. */
    @FunctionalInterface
    private interface Entries {
        void put(TarArchiveOutputStream tar) throws IOException;
    }

    private static byte[] noise(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static byte[] tarGz(Object... namesAndContents) throws IOException {
        return tarGz(tar -> {
            for (int i = 0; i < namesAndContents.length; i += 2) {
                put(tar, new TarArchiveEntry((String) namesAndContents[i], true), (byte[]) namesAndContents[i + 1]);
            }
        });
    }

    private static byte[] tarGz(Entries entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
            entries.put(tar);
        }
        return bytes.toByteArray();
    }

    private static void put(TarArchiveOutputStream tar, TarArchiveEntry entry, byte[] content) throws IOException {
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
    }

    private static DataFile file(String path, byte[] content) {
        String sha256 = HexFormat.of().formatHex(Checksums.newSha256().digest(content));
        return new DataFile(path, content.length, sha256, List.of());
    }

    @BeforeEach
    void place() {
        archive = folder.resolve("set.tar.gz");
        dataDir = folder.resolve("data");
        wanted = List.of(file("set/first", FIRST), file("set/second", SECOND));
    }

    private void extract(byte[] content) throws IOException {
        Files.write(archive, content);
        TarGz.extract(archive, wanted, dataDir);
    }

    /** That it is refused, says so in a line about the archive, and leaves nothing half-written. */
    private void expectRefusal(byte[] content, String... parts) throws IOException {
        assertThatThrownBy(() -> extract(content))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(archive + ": ")
                .hasMessageContainingAll(parts)
                .hasMessageEndingWith(Idx.REMEDY)
                .message()
                .doesNotContain("\n");
        expectOnlyWholeFiles();
    }

    private void expectOnlyWholeFiles() throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (file.equals(dataDir.resolve("set/first"))) {
                    assertThat(file).hasBinaryContent(FIRST);
                } else if (file.equals(dataDir.resolve("set/second"))) {
                    assertThat(file).hasBinaryContent(SECOND);
                } else {
                    assertThat(file).isEqualTo(archive);
                }
            }
        }
    }

    @Test
    void takesWhatIsWantedAndNothingElse() throws IOException {
        extract(tarGz(tar -> {
            tar.putArchiveEntry(new TarArchiveEntry("set/"));
            tar.closeArchiveEntry();
            put(tar, new TarArchiveEntry("set/second"), SECOND);
            put(tar, new TarArchiveEntry("set/readme.html"), new byte[100]);
            put(tar, new TarArchiveEntry("set/first"), FIRST);
        }));
        assertThat(dataDir.resolve("set/first")).hasBinaryContent(FIRST);
        assertThat(dataDir.resolve("set/second")).hasBinaryContent(SECOND);
        assertThat(dataDir.resolve("set")).isDirectoryNotContaining("glob:**readme*");
        expectOnlyWholeFiles();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "set/../../evil", "/tmp/evil", "set/.."})
    void refusesPathsThatLeadOut(String path) throws IOException {
        expectRefusal(tarGz(path, FIRST, "set/first", FIRST, "set/second", SECOND), path, "leads out of the archive");
    }

    @ParameterizedTest
    @ValueSource(
            bytes = {
                TarConstants.LF_LINK,
                TarConstants.LF_SYMLINK,
                TarConstants.LF_CHR,
                TarConstants.LF_BLK,
                TarConstants.LF_FIFO
            })
    void refusesWhatIsNeitherFileNorFolder(byte type) throws IOException {
        for (String path : new String[] {"set/first", "set"}) {
            byte[] content = tarGz(tar -> {
                TarArchiveEntry link = new TarArchiveEntry(path, type);
                link.setLinkName("/etc");
                tar.putArchiveEntry(link);
                tar.closeArchiveEntry();
                put(tar, new TarArchiveEntry("set/first"), FIRST);
            });
            expectRefusal(content, "'" + path + "'", "neither a plain file nor a folder");
            assertThat(dataDir).doesNotExist();
        }
    }

    @Test
    void refusesAnotherSizeBeforeItWrites() throws IOException {
        expectRefusal(tarGz("set/first", new byte[1_501]), "'set/first' has 1501 bytes; expected 1500");
        expectRefusal(tarGz("set/first/", new byte[0]), "does not hold set/first, set/second");
        assertThat(dataDir).doesNotExist();
    }

    @Test
    void refusesOtherContentAndKeepsWhatWasThere() throws IOException {
        Path first = Files.createDirectories(dataDir.resolve("set")).resolve("first");
        Files.write(first, FIRST);
        byte[] other = FIRST.clone();
        other[1_499] ^= 1;
        expectRefusal(
                tarGz("set/first", other),
                "'set/first' has the SHA-256 ",
                "expected " + wanted.get(0).sha256());
        assertThat(first).hasBinaryContent(FIRST);
    }

    @Test
    void refusesAnArchiveWithoutAWantedFile() throws IOException {
        expectRefusal(tarGz("set/first", FIRST, "second", SECOND), "does not hold set/second");
        expectRefusal(tarGz(), "does not hold set/first, set/second");
    }

    @Test
    void refusesToUnpackMuchMoreThanIsWanted() throws IOException {
        expectRefusal(
                tarGz("set/large", new byte[5 << 20], "set/first", FIRST, "set/second", SECOND),
                "unpacks to more than the expected");
    }

    @Test
    void namesInMessagesAreOneLine() throws IOException {
        expectRefusal(tarGz("../a\nb", FIRST), "'../a?b'");
    }

    @Test
    void refusesAnythingButGzip() throws IOException {
        expectRefusal(new byte[0], "damaged or cut off");
        expectRefusal(
                "<html>not found</html>".getBytes(java.nio.charset.StandardCharsets.US_ASCII), "Not in GZIP format");
    }

    @Test
    void refusesAnArchiveThatBreaksOffAnywhere() throws IOException {
        byte[] whole = tarGz("set/first", FIRST, "set/second", SECOND);
        // What follows the last wanted file is never read.
        for (int length = 0; length < FIRST.length + SECOND.length; length += 17) {
            expectRefusal(Arrays.copyOf(whole, length), "damaged or cut off");
        }
    }

    @Test
    void aDamagedByteNeverGivesAWrongFile() throws IOException {
        byte[] whole = tarGz("set/first", FIRST, "set/second", SECOND);
        int tried = 0;
        int refused = 0;
        for (int place = 0; place < whole.length; place += 19) {
            tried++;
            byte[] damaged = whole.clone();
            damaged[place] ^= 0x24;
            try {
                extract(damaged);
            } catch (InputException e) {
                refused++;
            }
            expectOnlyWholeFiles();
        }
        assertThat(refused).isGreaterThan(tried * 4 / 5);
    }

    @Test
    void damagedTarHeadersAreRefused() throws IOException {
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(plain)) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            put(tar, new TarArchiveEntry("set/" + "long".repeat(40)), new byte[10]);
            TarArchiveEntry dated = new TarArchiveEntry("set/other");
            dated.addPaxHeader("comment", "ours");
            put(tar, dated, FIRST);
        }
        Random random = new Random(3);
        for (int trial = 0; trial < 500; trial++) {
            byte[] damaged = plain.toByteArray();
            for (int change = random.nextInt(4); change >= 0; change--) {
                damaged[random.nextInt(5 * 512)] =
                        (byte) (random.nextBoolean() ? random.nextInt(256) : '0' + random.nextInt(10));
            }
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (OutputStream gzip = new GZIPOutputStream(packed)) {
                gzip.write(damaged);
            }
            expectRefusal(packed.toByteArray(), "set.tar.gz");
        }
    }
}
