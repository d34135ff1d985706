package varepsilon.data;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** A server on this machine that gives one file, as well or as badly as a test tells it to. */
final class FileServer implements AutoCloseable {
    static final int SIZE = 300_000;
    static final byte[] CONTENT = new byte[SIZE];

    static {
        new Random(1).nextBytes(CONTENT);
    }

    /** The Range header of each request, or "all". */
    final List<String> asked = new CopyOnWriteArrayList<>();

    private final ExecutorService workers = Executors.newCachedThreadPool();
    private final HttpServer server;

    FileServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(workers);
        server.start();
    }

    @Override
    public void close() {
        server.stop(0);
        workers.shutdownNow();
    }

    URI serve(String path, HttpHandler handler) {
        server.createContext(path, exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            asked.add(range == null ? "all" : range);
            try (exchange) {
                handler.handle(exchange);
            }
        });
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    static DataFile file(URI... mirrors) {
        byte[] sha256 = Checksums.newSha256().digest(CONTENT);
        return new DataFile("set/file.gz", SIZE, HexFormat.of().formatHex(sha256), List.of(mirrors));
    }

    static int rangeStart(HttpExchange exchange) {
        String range = exchange.getRequestHeaders().getFirst("Range");
        return range == null ? 0 : Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
    }

    /** Answers a request for the whole or for a rest, but sends only the bytes before {@code end}. */
    static void send(HttpExchange exchange, byte[] content, int end) throws IOException {
        int start = rangeStart(exchange);
        if (start > 0) {
            exchange.getResponseHeaders()
                    .add("Content-Range", "bytes " + start + "-" + (content.length - 1) + "/" + content.length);
        }
        exchange.sendResponseHeaders(start > 0 ? 206 : 200, content.length - start);
        exchange.getResponseBody().write(content, start, end - start);
        exchange.getResponseBody().flush();
    }

    static void sendAll(HttpExchange exchange) throws IOException {
        send(exchange, CONTENT, SIZE);
    }

    static boolean await(CountDownLatch latch) {
        try {
            return latch.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
