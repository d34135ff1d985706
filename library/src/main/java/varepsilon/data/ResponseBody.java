package varepsilon.data;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The body of a response, taken piece by piece with a limit on the wait for each. The client's own input stream has no
 * read timeout, and its request timeout covers the headers in one Java version and the whole response in another.
 */
final class ResponseBody implements BodySubscriber<ResponseBody>, AutoCloseable {
    /** What the client reported: a piece, the end (no pieces, no failure), or a failure. */
    private record Event(List<ByteBuffer> piece, Throwable failure) {}

    private final CompletableFuture<Subscription> subscription = new CompletableFuture<>();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

    /**
     * The next piece; null at the end.
     *
     * @throws IOException where the connection breaks or nothing comes for so long
     */
    List<ByteBuffer> next(Duration limit) throws IOException, InterruptedException {
        Event event;
        try {
            subscription.get(limit.toMillis(), TimeUnit.MILLISECONDS).request(1);
            event = events.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            event = null;
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
        if (event == null) {
            throw new HttpTimeoutException("nothing came for " + limit.toSeconds() + " s");
        }
        if (event.failure != null) {
            throw new IOException(event.failure.getMessage(), event.failure);
        }
        return event.piece;
    }

    /** Tells the client to drop what is still to come, and the connection with it. */
    @Override
    public void close() {
        if (!subscription.cancel(false)) {
            subscription.join().cancel();
        }
    }

    @Override
    public CompletionStage<ResponseBody> getBody() {
        return CompletableFuture.completedStage(this);
    }

    @Override
    public void onSubscribe(Subscription opened) {
        if (!subscription.complete(opened)) {
            opened.cancel(); // Closed before the body began.
        }
    }

    @Override
    public void onNext(List<ByteBuffer> piece) {
        events.add(new Event(piece, null));
    }

    @Override
    public void onError(Throwable failure) {
        events.add(new Event(null, failure));
    }

    @Override
    public void onComplete() {
        events.add(new Event(null, null));
    }
}
