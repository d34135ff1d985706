package varepsilon.classify;

import java.util.List;
import java.util.function.Supplier;
import varepsilon.tensor.Tensor;

/** Anything that gives logits for images: a network, a TorchScript file, a lambda. */
@FunctionalInterface
public interface Classifier extends AutoCloseable {
    /**
     * Scores before softmax.
     *
     * @param pixels FLOAT32 N×C×H×W in [0, 1]
     * @return N×K, differentiable in {@code pixels}
     */
    Tensor logits(Tensor pixels);

    /**
     * What {@code work} gives while the classifier is in evaluation mode: batch normalisation neither uses nor moves the
     * statistics of a batch. Modes are restored afterwards, also when an exception passes.
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

    /** What a person should know of how its answers have been understood so far: ends of sentences that it begins. */
    default List<String> notes() {
        return List.of();
    }

    /** Frees what it holds: nothing, where it is a lambda. */
    @Override
    default void close() {}
}
