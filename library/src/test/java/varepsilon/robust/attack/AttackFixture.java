package varepsilon.robust.attack;

import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import varepsilon.ScopedTest;
import varepsilon.classify.Classifier;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Tensor;

/** What tests of attacks share. */
abstract class AttackFixture extends ScopedTest {
    /** Tensors this small gain nothing from a second thread; on a busy machine the two wait for each other. */
    @BeforeEach
    final void useOneThread() {
        int threads = Engine.threads();
        AutoCloseable restore = () -> Engine.setThreads(threads);
        closing(restore);
        Engine.setThreads(1);
    }

    /** logits = W·x + b, for W K×D. */
    static Classifier affine(Tensor weights, Tensor bias) {
        Tensor transposed = weights.transpose(0, 1);
        return pixels -> pixels.flatten(1).matmul(transposed).add(bias);
    }

    static Tensor labels(long... values) {
        return Tensor.of(values, values.length);
    }

    static Tensor repeatedLabel(long label, int count) {
        long[] labels = new long[count];
        Arrays.fill(labels, label);
        return labels(labels);
    }

    static double[] row(Tensor tensor, int index) {
        return tensor.narrow(0, index, 1).toDoubles();
    }

    static double largest(Tensor values) {
        return Arrays.stream(values.toDoubles()).map(Math::abs).max().orElseThrow();
    }
}
