package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static varepsilon.data.FileServer.CONTENT;
import static varepsilon.data.FileServer.SIZE;
import static varepsilon.data.FileServer.await;
import static varepsilon.data.FileServer.file;
import static varepsilon.data.FileServer.rangeStart;
import static varepsilon.data.FileServer.send;
import static varepsilon.data.FileServer.sendAll;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.base.Watch;

@Timeout(60)
class DownloadTest {
    @TempDir
    Path dataDir;

    private final Download download = new Download(Duration.ofSeconds(5));
    private FileServer server;
    private Path target;
    private Path part;

    @BeforeEach
    void start() throws IOException {
        server = new FileServer();
        target = dataDir.resolve("set/file.gz");
        part = dataDir.resolve("set/file.gz.part");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void fetch(URI... mirrors) throws IOException, InterruptedException {
        download.fetch(List.of(file(mirrors)), dataDir, Watch.NONE);
    }

    private void expectFailure(URI mirror, String... parts) {
        assertThatThrownBy(() -> fetch(mirror))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
        assertThat(target).doesNotExist();
    }

    private void expectContent() {
        assertThat(target).hasBinaryContent(CONTENT);
        assertThat(part).doesNotExist();
    }

    @Test
    void fetchesAndReportsProgress() throws Exception {
        DataFile file = file(server.serve("/file.gz", FileServer::sendAll));
        List<Long> progress = new ArrayList<>();
        download.fetch(List.of(file), dataDir, (what, done, all) -> {
            assertThat(what).isEqualTo(file.path());
            assertThat(all).isEqualTo(file.bytes());
            progress.add(done);
        });
        expectContent();
        assertThat(progress).isSorted().startsWith(0L).endsWith((long) SIZE);
    }

    @Test
    void aFileThatIsThereIsCheckedAndNotFetchedAgain() throws Exception {
        URI mirror = server.serve("/file.gz", FileServer::sendAll);
        fetch(mirror);
        fetch(mirror);
        assertThat(server.asked).containsExactly("all");
        byte[] other = {1, 2, 3};
        Files.write(target, other);
        assertThatThrownBy(() -> fetch(mirror))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(target.toString(), "SHA-256", "move it away");
        assertThat(target).hasBinaryContent(other);
    }

    @Test
    void aCutConnectionIsTakenUpWhereItBroke() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        fetch(server.serve(
                "/file.gz", exchange -> send(exchange, CONTENT, Math.min(SIZE, requests.incrementAndGet() * 100_000))));
        expectContent();
        assertThat(server.asked).hasSizeGreaterThanOrEqualTo(3).startsWith("all");
        assertThat(server.asked.subList(1, server.asked.size())).allMatch(range -> range.startsWith("bytes="));
    }

    @Test
    void whatHasComeIsKeptForTheNextAttempt() throws Exception {
        AtomicInteger end = new AtomicInteger(100_000);
        URI mirror = server.serve(
                "/file.gz", exchange -> send(exchange, CONTENT, Math.max(rangeStart(exchange), end.get())));
        expectFailure(mirror, mirror.toString(), "connection lost", "goes on where it stopped");
        long kept = Files.size(part);
        assertThat(kept).isBetween(1L, 100_000L);
        server.asked.clear();
        end.set(SIZE);
        fetch(mirror);
        expectContent();
        assertThat(server.asked).containsExactly("bytes=" + kept + "-");
    }

    @Test
    void theNextMirrorGoesOnWhereOneBroke() throws Exception {
        URI broken =
                server.serve("/broken", exchange -> send(exchange, CONTENT, Math.max(rangeStart(exchange), 100_000)));
        URI whole = server.serve("/whole", FileServer::sendAll);
        fetch(broken, whole);
        expectContent();
        assertThat(server.asked.get(server.asked.size() - 1)).startsWith("bytes=");
    }

    @Test
    void aServerWithoutRangesStartsFromTheBeginning() throws Exception {
        Files.createDirectories(part.getParent());
        Files.write(part, Arrays.copyOf(CONTENT, 1_000));
        fetch(server.serve("/file.gz", exchange -> {
            exchange.sendResponseHeaders(200, SIZE);
            exchange.getResponseBody().write(CONTENT);
        }));
        expectContent();
        assertThat(server.asked).containsExactly("bytes=1000-");
    }

    @Test
    void aServerThatAnswersAnotherRangeIsNotBelieved() throws Exception {
        Files.createDirectories(part.getParent());
        Files.write(part, Arrays.copyOf(CONTENT, 1_000));
        fetch(server.serve("/file.gz", exchange -> {
            if (rangeStart(exchange) == 0) {
                sendAll(exchange);
                return;
            }
            exchange.getResponseHeaders().add("Content-Range", "bytes 500-" + (SIZE - 1) + "/" + SIZE);
            exchange.sendResponseHeaders(206, SIZE - 500);
            exchange.getResponseBody().write(CONTENT, 500, SIZE - 500);
        }));
        expectContent();
        assertThat(server.asked).containsExactly("bytes=1000-", "all");
    }

    @Test
    void aRefusedRangeStartsFromTheBeginning() throws Exception {
        Files.createDirectories(part.getParent());
        Files.write(part, Arrays.copyOf(CONTENT, 1_000));
        fetch(server.serve("/file.gz", exchange -> {
            if (rangeStart(exchange) > 0) {
                exchange.sendResponseHeaders(416, -1);
            } else {
                sendAll(exchange);
            }
        }));
        expectContent();
        assertThat(server.asked).containsExactly("bytes=1000-", "all");
    }

    @Test
    void aWrongPartIsThrownAwayAndFetchedAgain() throws Exception {
        URI mirror = server.serve("/file.gz", FileServer::sendAll);
        Files.createDirectories(part.getParent());
        for (int length : new int[] {1_000, SIZE, SIZE + 1}) {
            Files.write(part, new byte[length]);
            fetch(mirror);
            expectContent();
            Files.delete(target);
        }
    }

    @Test
    void aWholePartNeedsNoServer() throws Exception {
        Files.createDirectories(part.getParent());
        Files.write(part, CONTENT);
        fetch(server.serve("/file.gz", FileServer::sendAll));
        expectContent();
        assertThat(server.asked).isEmpty();
    }

    @Test
    void aWrongChecksumIsAnError() {
        byte[] other = CONTENT.clone();
        other[SIZE / 2] ^= 1;
        URI mirror = server.serve("/file.gz", exchange -> send(exchange, other, SIZE));
        expectFailure(mirror, mirror.toString(), "SHA-256", "expected " + file().sha256());
        assertThat(server.asked).containsExactly("all");
        assertThat(part).hasSize(0);
    }

    @Test
    void afterAWrongChecksumTheNextMirrorIsAsked() throws Exception {
        byte[] other = CONTENT.clone();
        other[0] ^= 1;
        fetch(
                server.serve("/wrong", exchange -> send(exchange, other, SIZE)),
                server.serve("/right", FileServer::sendAll));
        expectContent();
        assertThat(server.asked).containsExactly("all", "all");
    }

    @Test
    void afterNotFoundTheNextMirrorIsAsked() throws Exception {
        URI missing = server.serve("/missing", exchange -> exchange.sendResponseHeaders(404, -1));
        fetch(missing, server.serve("/right", FileServer::sendAll));
        expectContent();
        Files.delete(target);
        expectFailure(missing, missing + ": HTTP 404", target.toString(), file().sha256());
    }

    @Test
    void aBodyThatIsTooLongByItsHeaderIsNotRead() {
        expectFailure(
                server.serve("/file.gz", exchange -> {
                    exchange.sendResponseHeaders(200, SIZE + 1L);
                    exchange.getResponseBody().write(CONTENT);
                }),
                "offers 300001 bytes; expected 300000");
        assertThat(part).hasSize(0);
    }

    @Test
    void anEndlessBodyIsCutOff() {
        CountDownLatch cut = new CountDownLatch(1);
        URI mirror = server.serve("/file.gz", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream body = exchange.getResponseBody()) {
                while (true) {
                    body.write(CONTENT);
                }
            } catch (IOException e) {
                cut.countDown();
            }
        });
        expectFailure(mirror, "sends more than the expected 300000 bytes");
        assertThat(part).hasSize(0);
        assertThat(await(cut)).as("the server notices").isTrue();
    }

    @Test
    void aMissingContentLengthDoesNotMatter() throws Exception {
        fetch(server.serve("/file.gz", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(CONTENT);
        }));
        expectContent();
    }

    @Test
    void aShortBodyWithoutContentLengthIsNoticed() {
        expectFailure(
                server.serve("/file.gz", exchange -> {
                    if (rangeStart(exchange) == 0) {
                        exchange.sendResponseHeaders(200, 0);
                        exchange.getResponseBody().write(CONTENT, 0, 1_000);
                    } else {
                        exchange.sendResponseHeaders(503, -1);
                    }
                }),
                "HTTP 503");
        assertThat(part).hasSize(1_000);
    }

    @Test
    void aSilentServerIsGivenUp() {
        CountDownLatch end = new CountDownLatch(1);
        Download impatient = new Download(Duration.ofMillis(300));
        URI noAnswer = server.serve("/no-answer", exchange -> await(end));
        URI noBody = server.serve("/no-body", exchange -> {
            exchange.sendResponseHeaders(200, SIZE);
            exchange.getResponseBody().write(CONTENT, 0, 5);
            exchange.getResponseBody().flush();
            await(end);
        });
        assertThatThrownBy(() -> impatient.fetch(List.of(file(noAnswer, noBody)), dataDir, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(noAnswer + ": no answer", noBody + ": ");
        end.countDown();
    }

    @Test
    void redirectsAreFollowedButNotForEver() throws Exception {
        server.serve("/there", FileServer::sendAll);
        fetch(server.serve("/here", exchange -> {
            exchange.getResponseHeaders().add("Location", "/there");
            exchange.sendResponseHeaders(302, -1);
        }));
        expectContent();
        Files.delete(target);
        URI circle = server.serve("/circle", exchange -> {
            exchange.getResponseHeaders().add("Location", "/circle");
            exchange.sendResponseHeaders(302, -1);
        });
        expectFailure(circle, circle + ": ", "/circle");
    }

    @Test
    void withoutANetworkTheMessageSaysHowToGetTheFiles() throws IOException {
        int closedPort;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closedPort = socket.getLocalPort();
        }
        URI refused = URI.create("http://127.0.0.1:" + closedPort + "/file.gz");
        expectFailure(
                refused,
                "set/file.gz could not be fetched",
                "connection refused (is this machine online?)",
                "put there yourself: " + target + " from " + refused + " (SHA-256 " + file().sha256() + ")");
        URI nowhere = URI.create("http://nowhere.invalid/file.gz");
        expectFailure(nowhere, "unknown host nowhere.invalid (is this machine online?)", target.toString());
    }
}
