package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static varepsilon.data.FileServer.CONTENT;
import static varepsilon.data.FileServer.SIZE;
import static varepsilon.data.FileServer.await;
import static varepsilon.data.FileServer.file;
import static varepsilon.data.FileServer.sendAll;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.Watch;

/** Several who fetch at once, and one who is interrupted. */
@Timeout(60)
class DownloadConcurrencyTest {
    @TempDir
    Path dataDir;

    private FileServer server;

    @BeforeEach
    void start() throws IOException {
        server = new FileServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void expectContent() {
        assertThat(dataDir.resolve("set/file.gz")).hasBinaryContent(CONTENT);
        assertThat(dataDir.resolve("set/file.gz.part")).doesNotExist();
    }

    @Test
    void anInterruptKeepsWhatHasCome() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch some = new CountDownLatch(1);
        URI mirror = server.serve("/file.gz", exchange -> {
            exchange.sendResponseHeaders(200, SIZE);
            exchange.getResponseBody().write(CONTENT, 0, 100_000);
            exchange.getResponseBody().flush();
            await(end);
        });
        CompletableFuture<Throwable> outcome = new CompletableFuture<>();
        Thread fetching = new Thread(() -> {
            try {
                new Download().fetch(List.of(file(mirror)), dataDir, (what, done, all) -> {
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
        assertThat(dataDir.resolve("set/file.gz.part")).hasBinaryContent(Arrays.copyOf(CONTENT, 100_000));
    }

    @Test
    void ofTwoThreadsOneFetches() throws Exception {
        CountDownLatch asking = new CountDownLatch(1);
        URI mirror = server.serve("/file.gz", exchange -> {
            asking.countDown();
            pause();
            sendAll(exchange);
        });
        CompletableFuture<Void> first = CompletableFuture.runAsync(() -> fetchWith(new Download(), mirror));
        assertThat(await(asking)).isTrue();
        fetchWith(new Download(), mirror);
        first.get(20, TimeUnit.SECONDS);
        expectContent();
        assertThat(server.asked).containsExactly("all");
    }

    private void fetchWith(Download one, URI mirror) {
        try {
            one.fetch(List.of(file(mirror)), dataDir, Watch.NONE);
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
        URI mirror = server.serve("/file.gz", exchange -> {
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
        assertThat(server.asked).containsExactly("all");
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
            new Download().fetch(List.of(file), Path.of(args[0]), Watch.NONE);
        }
    }
}
