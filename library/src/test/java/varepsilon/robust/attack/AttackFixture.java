package varepsilon.robust.attack;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import varepsilon.classify.Classifier;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** Each test runs in a scope of its own; what is made through here is freed after it. */
abstract class AttackFixture {
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    @BeforeEach
    void openScope() {
        // Tensors this small gain nothing from a second thread; on a busy machine the two wait for each other.
        int threads = Engine.threads();
        owned.push(() -> Engine.setThreads(threads));
        Engine.setThreads(1);
        owned.push(Scope.open());
    }

    @AfterEach
    void closeAll() throws Exception {
        while (!owned.isEmpty()) {
            owned.pop().close();
        }
    }

    final Rng rng(long seed) {
        return closing(Seed.of(seed).stream());
    }

    final <C extends AutoCloseable> C closing(C resource) {
        owned.push(resource);
        return resource;
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
