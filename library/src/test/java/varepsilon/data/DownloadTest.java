package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.tensor.InputException;

@Timeout(60)
class DownloadTest {
    private static final int SIZE = 300_000;
    private static final byte[] CONTENT = new byte[SIZE];

    static {
        new Random(1).nextBytes(CONTENT);
    }

    @TempDir
    Path dataDir;

    private final Download download = new Download(Duration.ofSeconds(5));
    private final ExecutorService workers = Executors.newCachedThreadPool();
    /** The Range header of each request, or "all". */
    private final List<String> asked = new CopyOnWriteArrayList<>();

    private HttpServer server;
    private Path target;
    private Path part;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(workers);
        server.start();
        target = dataDir.resolve("set/file.gz");
        part = dataDir.resolve("set/file.gz.part");
    }

    @AfterEach
    void stop() {
        server.stop(0);
        workers.shutdownNow();
    }

    private URI serve(String path, HttpHandler handler) {
        server.createContext(path, exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            asked.add(range == null ? "all" : range);
            try (exchange) {
                handler.handle(exchange);
            }
        });
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    private static DataFile file(URI... mirrors) {
        byte[] sha256 = Checksums.newSha256().digest(CONTENT);
        return new DataFile("set/file.gz", SIZE, HexFormat.of().formatHex(sha256), List.of(mirrors));
    }

    private void fetch(URI... mirrors) throws IOException, InterruptedException {
        download.fetch(List.of(file(mirrors)), dataDir, (file, done) -> {});
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

    private static int rangeStart(HttpExchange exchange) {
        String range = exchange.getRequestHeaders().getFirst("Range");
        return range == null ? 0 : Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
    }

    /** Answers a request for the whole or for a rest, but sends only the bytes before {@code end}. */
    private static void send(HttpExchange exchange, byte[] content, int end) throws IOException {
        int start = rangeStart(exchange);
        if (start > 0) {
            exchange.getResponseHeaders()
                    .add("Content-Range", "bytes " + start + "-" + (content.length - 1) + "/" + content.length);
        }
        exchange.sendResponseHeaders(start > 0 ? 206 : 200, content.length - start);
        exchange.getResponseBody().write(content, start, end - start);
        exchange.getResponseBody().flush();
    }

    private static void sendAll(HttpExchange exchange) throws IOException {
        send(exchange, CONTENT, SIZE);
    }

    @Test
    void fetchesAndReportsProgress() throws Exception {
        DataFile file = file(serve("/file.gz", DownloadTest::sendAll));
        List<Long> progress = new ArrayList<>();
        download.fetch(List.of(file), dataDir, (which, done) -> {
            assertThat(which).isSameAs(file);
            progress.add(done);
        });
        expectContent();
        assertThat(progress).isSorted().startsWith(0L).endsWith((long) SIZE);
    }

    @Test
    void aFileThatIsThereIsCheckedAndNotFetchedAgain() throws Exception {
        URI mirror = serve("/file.gz", DownloadTest::sendAll);
        fetch(mirror);
        fetch(mirror);
        assertThat(asked).containsExactly("all");
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
        fetch(serve(
                "/file.gz", exchange -> send(exchange, CONTENT, Math.min(SIZE, requests.incrementAndGet() * 100_000))));
        expectContent();
        assertThat(asked).hasSizeGreaterThanOrEqualTo(3).startsWith("all");
        assertThat(asked.subList(1, asked.size())).allMatch(range -> range.startsWith("bytes="));
    }

    @Test
    void whatHasComeIsKeptForTheNextAttempt() throws Exception {
        AtomicInteger end = new AtomicInteger(100_000);
        URI mirror = serve("/file.gz", exchange -> send(exchange, CONTENT, Math.max(rangeStart(exchange), end.get())));
        expectFailure(mirror, mirror.toString(), "connection lost", "goes on where it stopped");
        long kept = Files.size(part);
        assertThat(kept).isBetween(1L, 100_000L);
        asked.clear();
        end.set(SIZE);
        fetch(mirror);
        expectContent();
        assertThat(asked).containsExactly("bytes=" + kept + "-");
    }

    @Test
    void theNextMirrorGoesOnWhereOneBroke() throws Exception {
        URI broken = serve("/broken", exchange -> send(exchange, CONTENT, Math.max(rangeStart(exchange), 100_000)));
        URI whole = serve("/whole", DownloadTest::sendAll);
        fetch(broken, whole);
        expectContent();
        assertThat(asked.get(asked.size() - 1)).startsWith("bytes=");
    }

    @Test
    void aServerWithoutRangesStartsFromTheBeginning() throws Exception {
        Files.createDirectories(part.getParent());
        Files.write(part, Arrays.copyOf(CONTENT, 1_000));
        fetch(serve("/file.gz", exchange -> {
            exchange.sendResponseHeaders(200, SIZE);
            exchange.getResponseBody().write(CONTENT);
        }));
        expectContent();
        assertThat(asked).containsExactly("bytes=1000-");
    }

    @Test
    void aServerThatAnswersAnotherRangeIsNotBelieved() throws Exception {
        Files.createDirectories(part.getParent());
        Files.write(part, Arrays.copyOf(CONTENT, 1_000));
        fetch(serve("/file.gz", exchange -> {
            if (rangeStart(exchange) == 0) {
                sendAll(exchange);
                return;
            }
            exchange.getResponseHeaders().add("Content-Range", "bytes 500-" + (SIZE - 1) + "/" + SIZE);
            exchange.sendResponseHeaders(206, SIZE - 500);
            exchange.getResponseBody().write(CONTENT, 500, SIZE - 500);
        }));
        expectContent();
        assertThat(asked).containsExactly("bytes=1000-", "all");
    }

    @Test
    void aRefusedRangeStartsFromTheBeginning() throws Exception {
        Files.createDirectories(part.getParent());
        Files.write(part, Arrays.copyOf(CONTENT, 1_000));
        fetch(serve("/file.gz", exchange -> {
            if (rangeStart(exchange) > 0) {
                exchange.sendResponseHeaders(416, -1);
            } else {
                sendAll(exchange);
            }
        }));
        expectContent();
        assertThat(asked).containsExactly("bytes=1000-", "all");
    }

    @Test
    void aWrongPartIsThrownAwayAndFetchedAgain() throws Exception {
        URI mirror = serve("/file.gz", DownloadTest::sendAll);
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
        fetch(serve("/file.gz", DownloadTest::sendAll));
        expectContent();
        assertThat(asked).isEmpty();
    }

    @Test
    void aWrongChecksumIsAnError() {
        byte[] other = CONTENT.clone();
        other[SIZE / 2] ^= 1;
        URI mirror = serve("/file.gz", exchange -> send(exchange, other, SIZE));
        expectFailure(mirror, mirror.toString(), "SHA-256", "expected " + file().sha256());
        assertThat(asked).containsExactly("all");
        assertThat(part).hasSize(0);
    }

    @Test
    void afterAWrongChecksumTheNextMirrorIsAsked() throws Exception {
        byte[] other = CONTENT.clone();
        other[0] ^= 1;
        fetch(serve("/wrong", exchange -> send(exchange, other, SIZE)), serve("/right", DownloadTest::sendAll));
        expectContent();
        assertThat(asked).containsExactly("all", "all");
    }

    @Test
    void afterNotFoundTheNextMirrorIsAsked() throws Exception {
        URI missing = serve("/missing", exchange -> exchange.sendResponseHeaders(404, -1));
        fetch(missing, serve("/right", DownloadTest::sendAll));
        expectContent();
        Files.delete(target);
        expectFailure(missing, missing + ": HTTP 404", target.toString(), file().sha256());
    }

    @Test
    void aBodyThatIsTooLongByItsHeaderIsNotRead() {
        expectFailure(
                serve("/file.gz", exchange -> {
                    exchange.sendResponseHeaders(200, SIZE + 1L);
                    exchange.getResponseBody().write(CONTENT);
                }),
                "offers 300001 bytes; expected 300000");
        assertThat(part).hasSize(0);
    }

    @Test
    void anEndlessBodyIsCutOff() {
        CountDownLatch cut = new CountDownLatch(1);
        URI mirror = serve("/file.gz", exchange -> {
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
        fetch(serve("/file.gz", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(CONTENT);
        }));
        expectContent();
    }

    @Test
    void aShortBodyWithoutContentLengthIsNoticed() {
        expectFailure(
                serve("/file.gz", exchange -> {
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
        URI noAnswer = serve("/no-answer", exchange -> await(end));
        URI noBody = serve("/no-body", exchange -> {
            exchange.sendResponseHeaders(200, SIZE);
            exchange.getResponseBody().write(CONTENT, 0, 5);
            exchange.getResponseBody().flush();
            await(end);
        });
        assertThatThrownBy(() -> impatient.fetch(List.of(file(noAnswer, noBody)), dataDir, (file, done) -> {}))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(noAnswer + ": no answer", noBody + ": ");
        end.countDown();
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void redirectsAreFollowedButNotForEver() throws Exception {
        serve("/there", DownloadTest::sendAll);
        fetch(serve("/here", exchange -> {
            exchange.getResponseHeaders().add("Location", "/there");
            exchange.sendResponseHeaders(302, -1);
        }));
        expectContent();
        Files.delete(target);
        URI circle = serve("/circle", exchange -> {
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

    @Test
    void anInterruptKeepsWhatHasCome() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch some = new CountDownLatch(1);
        URI mirror = serve("/file.gz", exchange -> {
            exchange.sendResponseHeaders(200, SIZE);
            exchange.getResponseBody().write(CONTENT, 0, 100_000);
            exchange.getResponseBody().flush();
            await(end);
        });
        CompletableFuture<Throwable> outcome = new CompletableFuture<>();
        Thread fetching = new Thread(() -> {
            try {
                download.fetch(List.of(file(mirror)), dataDir, (file, done) -> {
                    if (done == 100_000) {
                        some.countDown();
                    }
                });
                outcome.complete(null);
            } catch (IOException | InterruptedException | RuntimeException e) {
                outcome.complete(e);
            }
        });
        fetching.start();
        assertThat(await(some)).isTrue();
        fetching.interrupt();
        assertThat(outcome.get(20, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        end.countDown();
        assertThat(part).hasBinaryContent(Arrays.copyOf(CONTENT, 100_000));
    }

    @Test
    void ofTwoThreadsOneFetches() throws Exception {
        CountDownLatch asking = new CountDownLatch(1);
        URI mirror = serve("/file.gz", exchange -> {
            asking.countDown();
            pause();
            sendAll(exchange);
        });
        CompletableFuture<Void> first = CompletableFuture.runAsync(() -> fetchWith(new Download(), mirror), workers);
        assertThat(await(asking)).isTrue();
        fetchWith(new Download(), mirror);
        first.get(20, TimeUnit.SECONDS);
        expectContent();
        assertThat(asked).containsExactly("all");
    }

    private void fetchWith(Download one, URI mirror) {
        try {
            one.fetch(List.of(file(mirror)), dataDir, (file, done) -> {});
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(300);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void ofTwoProcessesOneFetches() throws Exception {
        URI mirror = serve("/file.gz", exchange -> {
            pause();
            pause();
            sendAll(exchange);
        });
        List<Process> processes = List.of(startProcess(mirror), startProcess(mirror));
        for (Process process : processes) {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
        }
        expectContent();
        assertThat(asked).containsExactly("all");
    }

    private Process startProcess(URI mirror) throws IOException {
        DataFile file = file(mirror);
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        dataDir.toString(),
                        file.sha256(),
                        mirror.toString())
                .redirectErrorStream(true)
                .start();
    }

    /** Fetches the file in a process of its own: data folder, SHA-256, mirror. */
    static final class Main {
        private Main() {}

        public static void main(String[] args) throws IOException, InterruptedException {
            DataFile file = new DataFile("set/file.gz", SIZE, args[1], List.of(URI.create(args[2])));
            new Download().fetch(List.of(file), Path.of(args[0]), (which, done) -> {});
        }
    }
}
