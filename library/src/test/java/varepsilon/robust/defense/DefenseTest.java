package varepsilon.robust.defense;

import org.junit.jupiter.api.BeforeEach;
import varepsilon.ScopedTest;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/** A stream of random numbers, networks and a batch for each test. */
abstract class DefenseTest extends ScopedTest {
    Batch batch;
    Tensor pixels;
    Tensor labels;

    @BeforeEach
    final void makeBatch() {
        batch = Batches.of(Toys.images(12, 1), 12).iterator().next();
        pixels = batch.pixels(Device.CPU);
        labels = batch.labels();
    }

    /** The same stream at every call. */
    final Rng rng() {
        return rng(7);
    }

    final NetworkClassifier plain() {
        return closing(Toys.convolutional(false, DType.FLOAT32));
    }

    final NetworkClassifier normalised() {
        return closing(Toys.convolutional(true, DType.FLOAT32));
    }
}
