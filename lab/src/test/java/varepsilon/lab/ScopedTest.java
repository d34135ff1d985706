package varepsilon.lab;

import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;

/** Each test runs in a scope of its own; random streams and networks made here are freed after it. */
public abstract class ScopedTest {
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    @BeforeEach
    final void openScope() {
        owned.push(Scope.open());
    }

    @AfterEach
    final void closeAll() throws Exception {
        while (!owned.isEmpty()) {
            owned.pop().close();
        }
    }

    /** The same, closed after the test. */
    protected final <C extends AutoCloseable> C closing(C resource) {
        owned.push(resource);
        return resource;
    }

    protected final Rng rng(long seed) {
        return closing(Seed.of(seed).stream());
    }
}
