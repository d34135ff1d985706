package varepsilon.lab.page;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import varepsilon.base.InputException;
import varepsilon.report.Png;

/**
 * Shows the runs in a folder, finished or in training, in a browser on this machine: curves and samples that are
 * updated. It is read-only and reachable from this machine only, under the names {@code localhost} and {@code
 * 127.0.0.1} alone, which prevents DNS rebinding.
 *
 * <pre>{@code
 * try (LiveView view = LiveView.serve(Path.of("runs"), 0)) {
 *     System.out.println(view.address());
 *     …
 * }
 * }</pre>
 */
public final class LiveView implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LiveView.class);
    private static final String HTML = "text/html; charset=utf-8";
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String PNG = "image/png";
    private static final int LARGEST_PICTURE = 64 << 20;
    private static final int THREADS = 4;

    private final LivePage page;
    private final HttpServer server;
    private final ExecutorService threads;

    private LiveView(Path root, int port, Clock clock) throws IOException {
        page = new LivePage(root, clock);
        InetAddress loopback = InetAddress.getByAddress("127.0.0.1", new byte[] {127, 0, 0, 1});
        server = HttpServer.create(new InetSocketAddress(loopback, port), 0);
        threads = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "live view");
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(threads);
        server.createContext("/", this::serve);
        server.start();
    }

    /**
     * Starts the server for a folder.
     *
     * @param port on 127.0.0.1; 0 for any that is free
     * @throws InputException if the folder is none, or the port is not to be had
     */
    public static LiveView serve(Path folder, int port) throws IOException {
        return serve(folder, port, Clock.system(ZoneId.systemDefault()));
    }

    static LiveView serve(Path folder, int port, Clock clock) throws IOException {
        if (port < 0 || port > 65_535) {
            throw new InputException("port " + port + ": expected 1 to 65535, or 0 for any that is free");
        }
        if (!Files.isDirectory(folder)) {
            throw new InputException(folder + ": not a folder; expected the one that holds the runs");
        }
        try {
            return new LiveView(folder.toRealPath(), port, clock);
        } catch (BindException e) {
            throw new InputException(
                    "port " + port + " of 127.0.0.1 cannot be used (" + e.getMessage()
                            + "); choose another, or 0 for any that is free",
                    e);
        }
    }

    /** The address of the page. */
    public URI address() {
        return URI.create("http://127.0.0.1:" + port() + "/");
    }

    private int port() {
        return server.getAddress().getPort();
    }

    /** Stops at once. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private record Answer(int status, String type, byte[] content) {
        static Answer of(int status, String type, String text) {
            return new Answer(status, type, text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            send(exchange, answer(exchange));
        }
    }

    private Answer answer(HttpExchange exchange) {
        String host = exchange.getRequestHeaders().getFirst("Host");
        if (host == null
                || !Set.of("127.0.0.1:" + port(), "localhost:" + port()).contains(host)) {
            return Answer.of(403, TEXT, "This server answers only as " + address());
        }
        if (!Set.of("GET", "HEAD").contains(exchange.getRequestMethod())) {
            return Answer.of(405, TEXT, "This server can only be read: GET or HEAD.");
        }
        try {
            return switch (exchange.getRequestURI().getRawPath()) {
                case "/" -> Answer.of(200, HTML, page.page());
                case "/runs" -> Answer.of(200, HTML, page.runs());
                case "/file" -> picture(exchange.getRequestURI());
                default -> Answer.of(404, TEXT, "Not found.");
            };
        } catch (IOException | RuntimeException e) {
            // The server would ignore the exception.
            LOG.error("{} cannot be answered", exchange.getRequestURI(), e);
            return Answer.of(500, TEXT, "This failed; the terminal shows the error.");
        }
    }

    private Answer picture(URI request) throws IOException {
        Optional<Path> picture = page.picture(path(request));
        byte[] png = picture.isEmpty() ? new byte[0] : read(picture.get());
        return Png.isPng(png) ? new Answer(200, PNG, png) : Answer.of(404, TEXT, "No run has this picture.");
    }

    /** The value of {@code path=}; null where it is malformed. */
    private static String path(URI request) {
        String query = request.getRawQuery() == null ? "" : request.getRawQuery();
        for (String part : query.split("&")) {
            if (part.startsWith("path=")) {
                try {
                    return URLDecoder.decode(part.substring("path=".length()), StandardCharsets.UTF_8);
                } catch (IllegalArgumentException e) {
                    return "";
                }
            }
        }
        return "";
    }

    /** The file, or nothing where it was deleted meanwhile; never through a link that has taken its place. */
    private static byte[] read(Path picture) throws IOException {
        try (InputStream in = Files.newInputStream(picture, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            return in.readNBytes(LARGEST_PICTURE);
        } catch (NoSuchFileException e) {
            return new byte[0];
        }
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        headers.set("Content-Type", answer.type);
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("Cross-Origin-Resource-Policy", "same-origin");
        headers.set("Referrer-Policy", "no-referrer");
        headers.set("Content-Security-Policy", LivePage.POLICY);
        headers.set("Cache-Control", answer.type.equals(PNG) ? "private, max-age=3600" : "no-store");
        if (answer.status == 405) {
            headers.set("Allow", "GET, HEAD");
        }
        boolean isHead = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(answer.status, isHead ? -1 : answer.content.length);
        if (!isHead) {
            exchange.getResponseBody().write(answer.content);
        }
    }
}
