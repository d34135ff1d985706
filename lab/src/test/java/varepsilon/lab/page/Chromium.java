package varepsilon.lab.page;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The browser of this machine, without a window. */
final class Chromium {
    private static final Pattern FINDINGS = Pattern.compile("<output>(.*?)</output>", Pattern.DOTALL);

    /** Tells the page around it, 380 pixels wide, what has no size and what sticks out. */
    private static final String PROBE = """
            addEventListener('load', () => {
                const shown = element => element.checkVisibility();
                const name = element => element.outerHTML.slice(0, 60);
                const found = [];
                for (const image of document.images) {
                    if (!image.complete || image.naturalWidth === 0) {
                        found.push('broken image ' + image.alt);
                    }
                }
                for (const element of [...document.querySelectorAll('svg, img, table, pre')].filter(shown)) {
                    const box = element.getBoundingClientRect();
                    if (box.width < 8 || box.height < 8) {
                        found.push('no size: ' + name(element));
                    }
                }
                if (document.documentElement.scrollWidth > innerWidth) {
                    found.push('the page is ' + document.documentElement.scrollWidth + ' wide, not ' + innerWidth);
                }
                const counted = [...document.querySelectorAll('svg')].filter(shown).length + ' charts, '
                        + document.images.length + ' images, ' + document.querySelectorAll('button').length + ' buttons';
                parent.postMessage([counted, ...found].join('; '), '*');
            });
            """;

    private Chromium() {}

    /**
     * What a page looks like in a browser.
     *
     * @param findings what it holds, and what is wrong with it
     * @param console what it logged: errors, and what its policy refused
     */
    record Look(String findings, List<String> console) {}

    /** Opens a page in a frame as wide as a telephone; skips the test where there is no browser. */
    static Look at(String html, Path folder) throws IOException, InterruptedException {
        Files.writeString(folder.resolve("page.html"), probed(html));
        Path frame = Files.writeString(folder.resolve("frame.html"), """
                <!DOCTYPE html><meta charset="utf-8"><output>nothing</output>
                <script>addEventListener('message', e => document.querySelector('output').textContent = e.data)</script>
                <iframe src="page.html" width="380" height="700"></iframe>
                """);
        Look look = opened(frame.toUri(), folder);
        Matcher findings = FINDINGS.matcher(look.findings);
        if (!findings.find()) {
            throw new AssertionError("the browser shows nothing: " + look);
        }
        return new Look(findings.group(1), look.console);
    }

    /**
     * What stands in a page after six seconds of the browser's own time, as HTML; skips the test where there is no
     * browser.
     */
    static Look opened(URI address, Path folder) throws IOException, InterruptedException {
        Optional<Path> browser = browser();
        assumeTrue(browser.isPresent(), "skipped: no chromium, chromium-browser or google-chrome on the PATH");
        Path log = folder.resolve("browser.log");
        Path dom = folder.resolve("browser.html");
        Process process = new ProcessBuilder(
                        browser.get().toString(),
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--user-data-dir=" + folder.resolve("profile"),
                        "--enable-logging=stderr",
                        "--v=0",
                        "--virtual-time-budget=6000",
                        "--dump-dom",
                        address.toString())
                .redirectError(log.toFile())
                .redirectOutput(dom.toFile())
                .start();
        if (!process.waitFor(3, TimeUnit.MINUTES)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new AssertionError("the browser does not end: " + Files.readString(log));
        }
        try (Stream<String> lines = Files.lines(log)) {
            return new Look(
                    Files.readString(dom),
                    lines.filter(line -> line.contains("CONSOLE")).toList());
        }
    }

    /** The page, allowed to run the probe too. */
    private static String probed(String html) {
        return html.replace("script-src ", "script-src 'sha256-" + hash(PROBE) + "' ")
                .replace("</body>", "<script>" + PROBE + "</script></body>");
    }

    private static String hash(String script) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static Optional<Path> browser() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
