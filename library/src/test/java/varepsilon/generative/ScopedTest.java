package varepsilon.generative;

import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import varepsilon.nn.Init;
import varepsilon.nn.Module;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;

/** Each test runs in a scope of its own; random streams and networks made here are freed after it. */
abstract class ScopedTest {
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    @BeforeEach
    void openScope() {
        owned.push(Scope.open());
    }

    @AfterEach
    void closeAll() throws Exception {
        while (!owned.isEmpty()) {
            owned.pop().close();
        }
    }

    final Rng rng(long seed) {
        Rng rng = Seed.of(seed).stream();
        owned.push(rng);
        return rng;
    }

    final <M extends Module> M closing(M module) {
        owned.push(module);
        return module;
    }

    final Init init(DType dtype, long seed) {
        return new Init(rng(seed), Device.CPU, dtype);
    }

    /** A model whose parameters are all zero. */
    final Vae zeros(ConvVae size, DType dtype) {
        Vae vae = closing(size.create(init(dtype, 1)));
        try (var scope = Scope.withoutGradients()) {
            vae.parameters().values().forEach(parameter -> parameter.mulInPlace(0));
        }
        return vae;
    }
}
