package varepsilon.data;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;

/**
 * Fetches published files into the data folder. A file grows as {@code NAME.part}, which a later attempt goes on from,
 * and gets its name only once size and SHA-256 match. Of several processes that fetch into one folder at once, one
 * fetches and the others wait for it.
 */
public final class Download {
    private static final int ATTEMPTS_PER_MIRROR = 10;
    private static final Duration LOCK_POLL = Duration.ofMillis(100);
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18}|\\*)");

    private final HttpClient client;
    private final Duration patience;

    /** Downloads that wait half a minute for a silent server. */
    public Download() {
        this(Duration.ofSeconds(30));
    }

    /**
     * Downloads with a limit on waiting.
     *
     * @param patience time limit for a connection, for a response, and for each next part of it
     */
    public Download(Duration patience) {
        this.patience = patience;
        // NORMAL follows redirects, except from https to http.
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(patience)
                .build();
    }

    /**
     * Makes sure that all these files are in the data folder; fetches those that are not.
     *
     * @param watch told of every piece of a file that arrives, in bytes, under the file's path
     * @throws InputException where a file is there but is not the published one (it is left alone), or where no mirror
     *     has given a file: the message says how to get them by hand
     * @throws IOException where the data folder cannot be written
     * @throws StoppedException where a stop is requested; what has come so far is kept
     * @throws InterruptedException where the thread is interrupted; what has come so far is kept
     */
    public void fetch(List<DataFile> files, Path dataDir, Watch watch) throws IOException, InterruptedException {
        for (DataFile file : files) {
            List<String> failures = fetch(file, dataDir, watch);
            if (!failures.isEmpty()) {
                String byHand = files.stream()
                        .filter(missing -> !Files.exists(missing.in(dataDir)))
                        .map(missing -> missing.in(dataDir) + " from "
                                + missing.mirrors().get(0) + " (SHA-256 " + missing.sha256() + ")")
                        .collect(Collectors.joining(", "));
                throw new InputException(file.path() + " could not be fetched: " + String.join("; ", failures)
                        + ". Try again later, it goes on where it stopped; or put there yourself: " + byHand);
            }
        }
    }

    /** Why no mirror has given the file; empty where it is here. */
    private List<String> fetch(DataFile file, Path dataDir, Watch watch) throws IOException, InterruptedException {
        Path target = file.in(dataDir);
        if (Files.exists(target)) {
            requirePublished(file, dataDir);
            return List.of();
        }
        Files.createDirectories(target.getParent());
        // A file of its own, never deleted: a lock on the part would move away with it when it gets its name.
        try (FileChannel lockFile =
                FileChannel.open(target.resolveSibling(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            lock(lockFile);
            if (Files.exists(target)) {
                requirePublished(file, dataDir);
                return List.of();
            }
            Path part = target.resolveSibling(target.getFileName() + ".part");
            List<String> failures = new ArrayList<>();
            for (URI mirror : file.mirrors()) {
                try {
                    fill(part, file, mirror, watch);
                    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
                    return List.of();
                } catch (MirrorException e) {
                    failures.add(mirror + ": " + e.getMessage());
                }
            }
            return failures;
        }
    }

    /** Waits for the lock; it ends with the channel. */
    private static void lock(FileChannel lockFile) throws IOException, InterruptedException {
        while (!tryLock(lockFile)) {
            Thread.sleep(LOCK_POLL.toMillis());
        }
    }

    private static boolean tryLock(FileChannel lockFile) throws IOException {
        try {
            return lockFile.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            // Another thread of this process has it.
            return false;
        }
    }

    /** @throws InputException where a file that is there is not the published one */
    static void requirePublished(DataFile file, Path dataDir) throws IOException {
        Path found = file.in(dataDir);
        String sha256 = Checksums.sha256(found);
        if (!sha256.equals(file.sha256())) {
            throw new InputException(found + ": SHA-256 " + sha256 + "; expected " + file.sha256()
                    + ", the published file; move it away and fetch again");
        }
    }

    /** Fills {@code part} from one mirror until it is the published file. */
    private void fill(Path part, DataFile file, URI mirror, Watch watch)
            throws IOException, InterruptedException, MirrorException {
        try (FileChannel out = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            if (out.size() > file.bytes()) {
                out.truncate(0);
            }
            for (int attempt = 1; ; attempt++) {
                long before = out.size();
                try {
                    if (before < file.bytes()) {
                        receive(out, file, mirror, watch);
                    }
                    out.force(true);
                    String sha256 = Checksums.sha256(part);
                    if (sha256.equals(file.sha256())) {
                        return;
                    }
                    out.truncate(0);
                    throw new MirrorException("SHA-256 " + sha256 + "; expected " + file.sha256());
                } catch (MirrorException e) {
                    // A cut connection is taken up where it broke. Where the checksum of a resumed file differs, the
                    // error may be in its older bytes. A mirror that gave no new bytes is not tried again.
                    boolean hope = out.size() > before || (before > 0 && out.size() == 0);
                    if (!hope || attempt == ATTEMPTS_PER_MIRROR) {
                        throw e;
                    }
                }
            }
        }
    }

    /** Asks for what is missing and appends it. */
    private void receive(FileChannel out, DataFile file, URI mirror, Watch watch)
            throws IOException, InterruptedException, MirrorException {
        Watch watched = watch.throwing();
        long have = out.size();
        HttpRequest.Builder request = HttpRequest.newBuilder(mirror)
                .header("User-Agent", "varepsilon")
                .header("Accept-Encoding", "identity");
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-");
        }
        HttpResponse<ResponseBody> response = answer(request.build());
        try (ResponseBody body = response.body()) {
            out.position(checkHeaders(response, out, file));
            watched.progress(file.path(), out.position(), file.bytes());
            for (List<ByteBuffer> piece = next(body); piece != null; piece = next(body)) {
                for (ByteBuffer bytes : piece) {
                    if (out.position() + bytes.remaining() > file.bytes()) {
                        out.truncate(0);
                        throw new MirrorException("sends more than the expected " + file.bytes() + " bytes");
                    }
                    while (bytes.hasRemaining()) {
                        out.write(bytes);
                    }
                }
                watched.progress(file.path(), out.position(), file.bytes());
            }
        }
        if (out.size() < file.bytes()) {
            throw new MirrorException("broke off after " + out.size() + " of " + file.bytes() + " bytes");
        }
    }

    private HttpResponse<ResponseBody> answer(HttpRequest request) throws InterruptedException, MirrorException {
        CompletableFuture<HttpResponse<ResponseBody>> response =
                client.sendAsync(request, headers -> new ResponseBody());
        try {
            return response.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new MirrorException("no answer for " + patience.toSeconds() + " s");
        } catch (ExecutionException e) {
            throw new MirrorException(describe(request.uri(), e.getCause()));
        } finally {
            response.cancel(true);
        }
    }

    private List<ByteBuffer> next(ResponseBody body) throws InterruptedException, MirrorException {
        try {
            return body.next(patience);
        } catch (IOException e) {
            throw new MirrorException("connection lost (" + e.getMessage() + ")");
        }
    }

    /** Checks that this is the file, and returns where in it the body starts. */
    private static long checkHeaders(HttpResponse<ResponseBody> response, FileChannel out, DataFile file)
            throws IOException, MirrorException {
        long have = out.size();
        int status = response.statusCode();
        if (status == 200) {
            long length = response.headers().firstValueAsLong("Content-Length").orElse(file.bytes());
            if (length != file.bytes()) {
                throw new MirrorException("offers " + length + " bytes; expected " + file.bytes());
            }
            // Also where a rest was asked for: this server sends all or nothing.
            out.truncate(0);
            return 0;
        }
        if (status == 206) {
            String range = response.headers().firstValue("Content-Range").orElse("");
            Matcher matcher = CONTENT_RANGE.matcher(range);
            boolean fits = matcher.matches()
                    && Long.parseLong(matcher.group(1)) == have
                    && (matcher.group(2).equals("*") || Long.parseLong(matcher.group(2)) == file.bytes());
            if (!fits) {
                out.truncate(0);
                throw new MirrorException(
                        "offers the range '" + range + "'; expected one from byte " + have + " of " + file.bytes());
            }
            return have;
        }
        if (status == 416) {
            out.truncate(0);
        }
        String location = response.headers().firstValue("Location").orElse("");
        throw new MirrorException(
                "HTTP " + status + (location.isEmpty() ? "" : ", a redirect to " + location + " that is not followed"));
    }

    private static String describe(URI address, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return "unknown host " + address.getHost() + " (is this machine online?)";
            }
        }
        if (failure instanceof ConnectException) {
            return "connection refused (is this machine online?)";
        }
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }

    /** This mirror does not give the file; the next one may. */
    private static final class MirrorException extends Exception {
        private static final long serialVersionUID = 1L;

        MirrorException(String message) {
            super(message);
        }
    }
}
