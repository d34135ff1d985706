package varepsilon.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;

/**
 * The lifetime of native memory. Every tensor made on a thread belongs to the innermost scope open on that thread and
 * is freed when the scope closes, also when an exception passes. Results leave by {@link #keep}.
 *
 * <pre>{@code
 * try (var scope = Scope.open()) {
 *     Tensor loss = model.loss(batch);
 *     return scope.keep(loss);
 * }
 * }</pre>
 *
 * A scope belongs to its thread and closes in the reverse order of opening.
 */
public final class Scope implements AutoCloseable {
    static {
        Engine.ensureLoaded();
    }

    private final Thread owner = Thread.currentThread();
    private final PointerScope pointers = new PointerScope();
    private final PointerScope enclosing;
    private final boolean gradientBefore;
    private boolean closed;

    private Scope(PointerScope enclosing, boolean recordGradient) {
        this.enclosing = enclosing;
        this.gradientBefore = GradMode.is_enabled();
        GradMode.set_enabled(recordGradient);
    }

    /** A scope that records what gradients need if the enclosing one does (the outermost does). */
    public static Scope open() {
        return new Scope(PointerScope.getInnerScope(), GradMode.is_enabled());
    }

    /** A scope in which no operation is recorded for gradients: evaluation, sampling, updates of parameters. */
    public static Scope withoutGradients() {
        return new Scope(PointerScope.getInnerScope(), false);
    }

    /** A scope that records what gradients need, whatever the enclosing one does: an attack inside an evaluation. */
    public static Scope withGradients() {
        return new Scope(PointerScope.getInnerScope(), true);
    }

    /**
     * Lets a tensor outlive this scope: it then belongs to the enclosing scope, or, where there is none, to the caller,
     * who closes it.
     *
     * @return the same tensor
     */
    public Tensor keep(Tensor tensor) {
        checkUsable();
        if (enclosing != null) {
            enclosing.attach(tensor.handle());
        } else {
            tensor.handle().retainReference();
        }
        return tensor;
    }

    /** Frees every tensor that was made in this scope and not kept. Closing twice does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        checkUsable();
        closed = true;
        GradMode.set_enabled(gradientBefore);
        pointers.close();
    }

    private void checkUsable() {
        if (closed) {
            throw new IllegalStateException("this scope is closed");
        }
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("this scope belongs to thread " + owner.getName() + ", not to "
                    + Thread.currentThread().getName());
        }
        if (PointerScope.getInnerScope() != pointers) {
            throw new IllegalStateException("an inner scope is still open; close scopes in the reverse order");
        }
    }

    static void requireOpen() {
        if (PointerScope.getInnerScope() == null) {
            throw new IllegalStateException("no scope is open on thread "
                    + Thread.currentThread().getName() + ": wrap the work in try (var scope = Scope.open()) { … }");
        }
    }
}
