package varepsilon.robust.defense;

import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** A scope, a stream of random numbers and a batch for each test, and an end for all that it made. */
abstract class ScopedTest {
    private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
    Batch batch;
    Tensor pixels;
    Tensor labels;

    @BeforeEach
    final void openScope() {
        closing(Scope.open());
        batch = Batches.of(Toys.images(12, 1), 12).iterator().next();
        pixels = batch.pixels(Device.CPU);
        labels = batch.labels();
    }

    @AfterEach
    final void closeAll() throws Exception {
        while (!toClose.isEmpty()) {
            toClose.pop().close();
        }
    }

    final <T extends AutoCloseable> T closing(T resource) {
        toClose.push(resource);
        return resource;
    }

    /** The same stream at every call. */
    final Rng rng() {
        return closing(Seed.of(7).stream());
    }

    final NetworkClassifier plain() {
        return closing(Toys.convolutional(false, DType.FLOAT32));
    }

    final NetworkClassifier normalised() {
        return closing(Toys.convolutional(true, DType.FLOAT32));
    }
}
