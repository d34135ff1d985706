package varepsilon.lab.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;
import varepsilon.report.ImageGrid;

/** The live view over real HTTP. */
class LiveViewTest {
    private static final Pattern PICTURE = Pattern.compile("src=\"(/file\\?path=[^\"]*)\"");
    private static final Pattern HINT = Pattern.compile("<title>([^<]*)</title>");

    private final HttpClient client = HttpClient.newHttpClient();
    private final byte[] png = ImageGrid.of(new byte[28 * 28], 1, 28, 28).toPng();

    @TempDir
    private Path folder;

    private Path runs;
    private Path run;
    private LiveView view;

    @BeforeEach
    void start() throws IOException {
        runs = Files.createDirectory(folder.resolve("runs"));
        run = makeRun(runs.resolve("grid/mnist <b>20</b>"));
        view = LiveView.serve(runs, 0);
    }

    @AfterEach
    void stop() {
        view.close();
    }

    private Path makeRun(Path path) throws IOException {
        Files.createDirectories(path.resolve("samples"));
        Files.writeString(path.resolve("config.yaml"), "seed: 1\n");
        Files.writeString(path.resolve("metrics.csv"), """
                epoch,step,seconds,train_bpd,val_bpd,val_accuracy
                1,10,1.5,0.9,0.95,0.5
                2,20,3.0,0.7,0.75,
                """);
        Files.write(path.resolve("samples/epoch_001.png"), png);
        return path;
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(view.address().resolve(path)).build();
        return client.send(request, BodyHandlers.ofString());
    }

    private HttpResponse<byte[]> getBytes(String path) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(view.address().resolve(path)).build();
        return client.send(request, BodyHandlers.ofByteArray());
    }

    private HttpResponse<String> getFile(String path) throws IOException, InterruptedException {
        return get("/file?path=" + URLEncoder.encode(path, StandardCharsets.UTF_8));
    }

    private static List<String> hints(String html) {
        return HINT.matcher(html).results().map(hint -> hint.group(1)).toList();
    }

    private static String picture(String html) {
        Matcher matcher = PICTURE.matcher(html);
        assertThat(matcher.find()).as(html).isTrue();
        return matcher.group(1).replace("&amp;", "&");
    }

    @Test
    void thePageListsTheRunsWithTheirCurves() throws Exception {
        HttpResponse<String> page = get("/");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(page.body()).contains("<h2>grid/mnist &lt;b&gt;20&lt;/b&gt;</h2>", "epoch 2 · 3 s");
        assertThat(hints(page.body()))
                .containsExactly(
                        "Runs in " + runs.toRealPath(),
                        "training\nx = 1\ny = 0.9",
                        "training\nx = 2\ny = 0.7",
                        "validation\nx = 1\ny = 0.95",
                        "validation\nx = 2\ny = 0.75",
                        "validation\nx = 1\ny = 0.5");
        assertThat(get("/runs").body()).doesNotContain("<html").contains("<section class=\"run\">");
    }

    @Test
    void aLineIsShownAsSoonAsItIsWhole() throws Exception {
        Path csv = run.resolve("metrics.csv");
        Files.writeString(csv, "3,30,4.5,0.6,0.65,0.8\n4,40,6.0,0.5,0.5", StandardOpenOption.APPEND);
        assertThat(hints(get("/runs").body()))
                .contains("training\nx = 3\ny = 0.6", "validation\nx = 3\ny = 0.8")
                .noneMatch(hint -> hint.contains("x = 4"));
        Files.writeString(csv, "5,0.9\n", StandardOpenOption.APPEND);
        assertThat(hints(get("/runs").body())).contains("validation\nx = 4\ny = 0.55");
    }

    @Test
    void theStatusFollowsTheFiles() throws Exception {
        assertThat(get("/runs").body()).contains("<b class=\"running\">running</b>");
        Files.setLastModifiedTime(
                run.resolve("metrics.csv"), FileTime.from(Instant.now().minusSeconds(150)));
        assertThat(get("/runs").body()).contains("<b class=\"waiting\">waiting</b>");
        Files.writeString(run.resolve("results.json"), "{}");
        assertThat(get("/runs").body()).contains("<b class=\"finished\">finished</b>");
    }

    @Test
    void theNewestSamplesAreServed() throws Exception {
        byte[] newer = ImageGrid.of(new byte[2 * 28 * 28], 1, 28, 28).toPng();
        Files.write(run.resolve("samples/epoch_002.png"), newer);
        Files.setLastModifiedTime(
                run.resolve("samples/epoch_001.png"),
                FileTime.from(Instant.now().minusSeconds(60)));
        HttpResponse<byte[]> answer = getBytes(picture(get("/runs").body()));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).contains("image/png");
        assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(answer.body()).isEqualTo(newer);
    }

    @Test
    void nothingButThePicturesOfRunsIsServed() throws Exception {
        Path secret = folder.resolve("secret.png");
        Files.write(secret, png);
        Files.write(runs.resolve("not-of-a-run.png"), png);
        Files.writeString(run.resolve("samples/fake.png"), "<script>alert(1)</script>");
        String inside = "grid/mnist <b>20</b>/";
        assertThat(getFile(inside + "samples/epoch_001.png").statusCode()).isEqualTo(200);
        for (String path : List.of(
                "../secret.png",
                inside + "samples/../../../../secret.png",
                inside + "samples/../samples/epoch_001.png",
                inside + "samples//epoch_001.png",
                secret.toString(),
                "file://" + secret,
                "not-of-a-run.png",
                inside + "config.yaml",
                inside + "metrics.csv",
                inside + "samples",
                inside + "samples/fake.png",
                inside + "samples/epoch_001.png\u0000",
                "..\\secret.png",
                "")) {
            assertThat(getFile(path).statusCode()).as(path).isEqualTo(404);
        }
        for (String path :
                List.of("/file", "/file?path", "/file?path=%25zz", "/file?other=x", "/runs/", "/grid", "/..")) {
            assertThat(get(path).statusCode()).as(path).isEqualTo(404);
        }
        assertThat(raw("GET /file?path=%zz HTTP/1.1\r\nHost: 127.0.0.1:" + port() + "\r\n"))
                .contains(" 400 ");
        assertThat(raw("GET /../../secret.png HTTP/1.1\r\nHost: 127.0.0.1:" + port() + "\r\n"))
                .contains(" 404 ");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void linksLeadNowhere() throws Exception {
        Path outside = makeRun(folder.resolve("outside"));
        Files.write(folder.resolve("secret.png"), png);
        Files.createSymbolicLink(run.resolve("samples/link.png"), folder.resolve("secret.png"));
        Files.createSymbolicLink(runs.resolve("linked-run"), outside);
        Path half = makeRun(runs.resolve("half"));
        Files.delete(half.resolve("samples/epoch_001.png"));
        Files.delete(half.resolve("samples"));
        Files.createSymbolicLink(half.resolve("samples"), outside.resolve("samples"));
        Path third = makeRun(runs.resolve("third"));
        Files.delete(third.resolve("metrics.csv"));
        Files.createSymbolicLink(third.resolve("metrics.csv"), outside.resolve("metrics.csv"));

        assertThat(get("/runs").body())
                .contains("<h2>half</h2>")
                .doesNotContain("linked-run", "link.png", "third", "half%2Fsamples");
        for (String path : List.of(
                "grid/mnist <b>20</b>/samples/link.png",
                "linked-run/samples/epoch_001.png",
                "half/samples/epoch_001.png",
                "third/samples/epoch_001.png")) {
            assertThat(getFile(path).statusCode()).as(path).isEqualTo(404);
        }
    }

    @Test
    void itAnswersUnderNoOtherName() throws Exception {
        for (String host : List.of(
                "evil.example",
                "evil.example:" + port(),
                "127.0.0.1",
                "127.0.0.1:1",
                "127.0.0.1.evil.example:" + port())) {
            String answer = raw("GET / HTTP/1.1\r\nHost: " + host + "\r\n");
            assertThat(answer).as(host).startsWith("HTTP/1.1 403 ").doesNotContain("<section");
        }
        assertThat(raw("GET / HTTP/1.0\r\n")).doesNotContain("<section");
        assertThat(raw("GET / HTTP/1.1\r\nHost: localhost:" + port() + "\r\n")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void itCanOnlyBeRead() throws Exception {
        for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS")) {
            HttpRequest request = HttpRequest.newBuilder(view.address())
                    .method(method, BodyPublishers.ofString("x"))
                    .build();
            HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(method).isEqualTo(405);
            assertThat(answer.headers().firstValue("Allow")).contains("GET, HEAD");
        }
        HttpRequest head = HttpRequest.newBuilder(view.address())
                .method("HEAD", BodyPublishers.noBody())
                .build();
        HttpResponse<String> answer = client.send(head, BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void answersForbidWhatTheyDoNotNeed() throws Exception {
        String policy = get("/").headers().firstValue("Content-Security-Policy").orElseThrow();
        assertThat(policy)
                .startsWith("default-src 'none'; img-src 'self'; connect-src 'self';")
                .contains("script-src 'sha256-")
                .endsWith("frame-ancestors 'none'");
        assertThat(get("/").body()).contains(policy.replace("; frame-ancestors 'none'", ""));
        assertThat(get("/").headers().firstValue("Cross-Origin-Resource-Policy"))
                .contains("same-origin");
    }

    @Test
    void hostileMetricsDoNoHarm() throws Exception {
        Path csv = run.resolve("metrics.csv");
        String script = "train_<script>alert(1)</script>";
        Files.writeString(
                csv, "epoch,step,seconds," + script + "\n1,1,1,0.25\nx\n,,,,,,,,\n2,NaN,Infinity,-1e309\n3,a,b,c\n");
        String html = get("/runs").body();
        assertThat(html).contains("&lt;script&gt;", "y = 0.25").doesNotContain("<script>");
        assertThat(hints(html)).hasSize(1);

        for (String content : List.of("", "\n", "epoch", "epoch\n", ",\n,\n", "train_a\n1\n", "epoch,epoch\n1,2\n")) {
            Files.writeString(csv, content);
            assertThat(get("/runs").statusCode()).as(content).isEqualTo(200);
        }
        Files.write(csv, new byte[] {(byte) 0xff, 0, '\n', 1, '\n'});
        assertThat(get("/runs").statusCode()).isEqualTo(200);
    }

    @Test
    void runsComeAndGo() throws Exception {
        makeRun(runs.resolve("a/b/c/d"));
        makeRun(runs.resolve("a/b/c/d/too-deep"));
        assertThat(get("/runs").body()).contains("<h2>a/b/c/d</h2>").doesNotContain("too-deep");
        Files.delete(runs.resolve("a/b/c/d/config.yaml"));
        Files.delete(run.resolve("metrics.csv"));
        assertThat(get("/runs").body()).contains("No run here yet").doesNotContain("<section");
    }

    @Test
    void tooManyRunsAreNotPassedOverInSilence() throws Exception {
        for (int i = 0; i < 70; i++) {
            makeRun(runs.resolve("run" + i));
        }
        String html = get("/runs").body();
        assertThat(html.split("<section", -1)).hasSizeBetween(50, 70);
        assertThat(html).contains("There may be more runs");
    }

    @Test
    void aFolderCanBeARunItself() throws Exception {
        try (LiveView one = LiveView.serve(run, 0)) {
            HttpResponse<String> page =
                    client.send(HttpRequest.newBuilder(one.address()).build(), BodyHandlers.ofString());
            assertThat(page.body()).contains("epoch 2", "path=samples%2Fepoch_001.png");
        }
    }

    /** Its clock goes ahead after the first answer: what the browser shows then, it has asked for by itself. */
    @Test
    void aBrowserRenewsWhatItShows() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        Clock clock = goingAhead(Clock.systemUTC(), asked);
        Chromium.Look look;
        try (LiveView ahead = LiveView.serve(runs, 0, clock)) {
            look = Chromium.opened(ahead.address(), folder);
        }
        assertThat(asked).hasValueGreaterThan(1);
        assertThat(look.console()).isEmpty();
        assertThat(look.findings())
                .contains("<b class=\"waiting\">waiting</b>", "<h2>grid/mnist &lt;b&gt;20&lt;/b&gt;</h2>")
                .contains("<p id=\"connection\" role=\"status\"></p>")
                .doesNotContain("<b class=\"running\">");
    }

    private static Clock goingAhead(Clock real, AtomicInteger asked) {
        return new Clock() {
            @Override
            public Instant instant() {
                return real.instant().plusSeconds(asked.getAndIncrement() == 0 ? 0 : 600);
            }

            @Override
            public ZoneId getZone() {
                return real.getZone();
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return goingAhead(real.withZone(zone), asked);
            }
        };
    }

    @Test
    void itListensOnThisMachineOnlyAndEndsWhenClosed() throws IOException {
        assertThat(view.address().toString()).matches("http://127\\.0\\.0\\.1:\\d+/");
        assertThatThrownBy(() -> LiveView.serve(runs, port()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("port " + port())
                .hasMessageContaining("choose another");
        view.close();
        assertThatThrownBy(() -> get("/")).isInstanceOf(IOException.class);
    }

    @Test
    void saysWhatIsWrongWithItsInput() {
        assertThatThrownBy(() -> LiveView.serve(folder.resolve("none"), 0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not a folder");
        assertThatThrownBy(() -> LiveView.serve(runs, 70_000))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("70000");
    }

    private int port() {
        return view.address().getPort();
    }

    /** The answer to a request that no client of Java's would send. */
    private String raw(String request) throws IOException {
        URI address = view.address();
        try (Socket socket = new Socket(address.getHost(), address.getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write((request + "Connection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
