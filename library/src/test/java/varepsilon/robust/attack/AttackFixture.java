package varepsilon.robust.attack;

import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import varepsilon.ScopedTest;
import varepsilon.classify.Classifier;
import varepsilon.tensor.DType;
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

    /**
     * Three classes, not linear. Sums in a fixed order: the result of an image has the same bits in whatever batch it
     * is.
     */
    static Classifier curved(int dimensions, DType dtype) {
        double[] slopes = new double[3 * dimensions];
        double[] curvatures = new double[3 * dimensions];
        for (int k = 0; k < 3; k++) {
            for (int j = 0; j < dimensions; j++) {
                slopes[k * dimensions + j] = 2 * Math.cos(5 * j + k);
                curvatures[k * dimensions + j] = 2 * Math.sin(3 * k + j);
            }
        }
        Tensor first = Tensor.of(slopes, 1, 3, dimensions).to(dtype);
        Tensor second = Tensor.of(curvatures, 1, 3, dimensions).to(dtype);
        return pixels -> {
            Tensor value = pixels.flatten(1).sub(0.5).unsqueeze(1);
            Tensor terms = value.square().mul(second).add(value.mul(first));
            return terms.cumulativeSum(2).narrow(2, dimensions - 1, 1).squeeze(2);
        };
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
