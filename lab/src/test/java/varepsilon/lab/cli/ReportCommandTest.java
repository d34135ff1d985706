package varepsilon.lab.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
    private static final Pattern SHOWING =
            Pattern.compile("Showing (.*) at (http://127\\.0\\.0\\.1:\\d+/) \\(Ctrl-C ends it\\)");

    @TempDir
    private Path folder;

    @Test
    void itShowsTheRunsUntilItIsStopped() throws Exception {
        Path run = Files.createDirectories(folder.resolve("runs/vae"));
        Files.writeString(run.resolve("config.yaml"), "seed: 1\n");
        Files.writeString(run.resolve("metrics.csv"), "epoch,step,seconds,train_bpd\n1,1,1.0,0.5\n");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "report",
                        "--serve",
                        run.getParent().toString())
                .redirectError(folder.resolve("err.txt").toFile())
                .start();
        try (BufferedReader out = process.inputReader(UTF_8)) {
            String line = out.readLine();
            assertThat(line).as(Files.readString(folder.resolve("err.txt"))).isNotNull();
            Matcher showing = SHOWING.matcher(line);
            assertThat(showing.matches()).as(line).isTrue();
            assertThat(showing.group(1)).isEqualTo(run.getParent().toString());
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(showing.group(2))).build();
            assertThat(HttpClient.newHttpClient()
                            .send(request, BodyHandlers.ofString())
                            .body())
                    .contains("<h2>vae</h2>", "y = 0.5");
            assertThat(process.isAlive()).isTrue();
        } finally {
            process.destroy(); // SIGTERM, as Ctrl-C's SIGINT
        }
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(128 + 15);
        assertThat(folder.resolve("err.txt")).isEmptyFile();
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        assertThat(Ran.of("report").refusal()).contains("--serve");
        assertThat(Ran.of("report", "--serve", folder.resolve("none")).failure())
                .contains("none: not a folder");
        assertThat(Ran.of("report", "--serve", folder, "--port", 70_000).failure())
                .contains("port 70000: expected");
        try (ServerSocket taken = new ServerSocket(0)) {
            assertThat(Ran.of("report", "--serve", folder, "--port", taken.getLocalPort())
                            .failure())
                    .contains("port " + taken.getLocalPort(), "choose another");
        }
    }
}
