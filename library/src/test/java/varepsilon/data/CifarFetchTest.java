package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.base.Watch;

/** Downloads a small CIFAR-10 from a server on this machine and unpacks it. */
@Timeout(60)
class CifarFetchTest {
    private static final byte[] TRAIN = CifarSourceTest.records(0, 6, 9, 1);
    private static final byte[] TEST = CifarSourceTest.records(50, 3);

    @TempDir
    Path dataDir;

    private FileServer server;
    private byte[] archive;
    private Path train;
    private Path test;

    @BeforeEach
    void start() throws IOException {
        server = new FileServer();
        archive = TarGzTest.tarGz(
                "cifar-10-batches-bin/batches.meta.txt",
                new byte[61],
                "cifar-10-batches-bin/data_batch_1.bin",
                TRAIN,
                "cifar-10-batches-bin/test_batch.bin",
                TEST);
        train = dataDir.resolve("cifar-10-batches-bin/data_batch_1.bin");
        test = dataDir.resolve("cifar-10-batches-bin/test_batch.bin");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static DataFile file(String path, byte[] content, URI... mirrors) {
        String sha256 = HexFormat.of().formatHex(Checksums.newSha256().digest(content));
        return new DataFile(path, content.length, sha256, List.of(mirrors));
    }

    private CifarSource source(URI... mirrors) {
        return new CifarSource(
                CifarSource.CIFAR10,
                List.of(file("cifar-10-batches-bin/data_batch_1.bin", TRAIN)),
                file("cifar-10-batches-bin/test_batch.bin", TEST),
                file("cifar-10-binary.tar.gz", archive, mirrors));
    }

    private void fetch(CifarSource source) throws IOException, InterruptedException {
        source.fetch(dataDir, new Download(Duration.ofSeconds(5)), Watch.NONE);
    }

    private URI serveWhole() {
        return server.serve("/a.tar.gz", exchange -> FileServer.send(exchange, archive, archive.length));
    }

    @Test
    void fetchesUnpacksAndLoads() throws Exception {
        CifarSource source = source(serveWhole());
        fetch(source);
        assertThat(source.load(Split.TRAIN, dataDir).labels()).containsExactly(6, 9, 1);
        assertThat(source.load(Split.TEST, dataDir).labels()).containsExactly(3);
        fetch(source);
        assertThat(server.asked).containsExactly("all");
    }

    @Test
    void aBrokenConnectionIsTakenUp() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        int half = archive.length / 2;
        fetch(source(server.serve(
                "/a.tar.gz",
                exchange ->
                        FileServer.send(exchange, archive, requests.getAndIncrement() == 0 ? half : archive.length))));
        assertThat(server.asked).hasSize(2);
        assertThat(train).hasBinaryContent(TRAIN);
    }

    @Test
    void anArchiveThatIsThereNeedsNoServer() throws Exception {
        Files.write(dataDir.resolve("cifar-10-binary.tar.gz"), archive);
        fetch(source(serveWhole()));
        assertThat(server.asked).isEmpty();
        assertThat(test).hasBinaryContent(TEST);
    }

    @Test
    void takesOnlyWhatIsMissing() throws Exception {
        CifarSource source = source(serveWhole());
        fetch(source);
        Files.delete(test);
        var before = Files.getLastModifiedTime(train);
        fetch(source);
        assertThat(test).hasBinaryContent(TEST);
        assertThat(Files.getLastModifiedTime(train)).isEqualTo(before);
        assertThat(server.asked).containsExactly("all");
    }

    @Test
    void aFileThatIsNotThePublishedOneIsNamedAndLeftAlone() throws Exception {
        byte[] other = TEST.clone();
        other[7] ^= 1;
        Files.createDirectories(test.getParent());
        Files.write(test, other);
        assertThatThrownBy(() -> fetch(source(serveWhole())))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(test.toString(), "SHA-256", "move it away");
        assertThat(test).hasBinaryContent(other);
        assertThat(server.asked).isEmpty();
    }

    @Test
    void anArchiveOfAnotherPublisherIsNotUnpacked() throws Exception {
        byte[] whole = archive;
        archive = Arrays.copyOf(archive, archive.length + 1);
        CifarSource source = source(serveWhole());
        archive = whole;
        Files.write(dataDir.resolve("cifar-10-binary.tar.gz"), whole);
        assertThatThrownBy(() -> fetch(source))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("cifar-10-binary.tar.gz: SHA-256", "move it away");
        assertThat(train).doesNotExist();
    }

    @Test
    void withoutANetworkTheMessageSaysHowToGetTheArchive() {
        URI nowhere = URI.create("http://nowhere.invalid/a.tar.gz");
        assertThatThrownBy(() -> fetch(source(nowhere)))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(
                        "unknown host nowhere.invalid (is this machine online?)",
                        "put there yourself: " + dataDir.resolve("cifar-10-binary.tar.gz") + " from " + nowhere);
        assertThat(train).doesNotExist();
    }
}
