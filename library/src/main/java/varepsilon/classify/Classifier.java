package varepsilon.classify;

import java.util.List;
import java.util.function.Supplier;
import varepsilon.tensor.Tensor;

/** A differentiable function from images to logits: a network, a TorchScript program or a lambda. */
@FunctionalInterface
public interface Classifier extends AutoCloseable {
    /**
     * The logits: scores before softmax.
     *
     * @param pixels FLOAT32 N×C×H×W in [0, 1]
     * @return N×K, differentiable in {@code pixels}
     */
    Tensor logits(Tensor pixels);

    /**
     * The result of {@code work}, run with the classifier in evaluation mode: batch normalisation uses its running
     * statistics and does not update them. Modes are restored afterwards, also when an exception passes.
     */
    default <T> T evaluating(Supplier<T> work) {
        return work.get();
    }

    /** As {@link #evaluating(Supplier)}, for work without a result. */
    default void evaluating(Runnable work) {
        evaluating(() -> {
            work.run();
            return null;
        });
    }

    /** Notes on how its outputs have been interpreted so far: ends of sentences whose subject is the classifier. */
    default List<String> notes() {
        return List.of();
    }

    /** Frees its native memory; does nothing by default. */
    @Override
    default void close() {}
}
