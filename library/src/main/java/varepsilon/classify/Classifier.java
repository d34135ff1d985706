package varepsilon.classify;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/**
 * A function from images to logits: a network, a TorchScript program or a lambda. Attacks that follow a gradient need it
 * to be differentiable; those on scores or labels work on any function, as {@link #ofScores} and {@link #ofLabels} make
 * of plain Java.
 */
@FunctionalInterface
public interface Classifier extends AutoCloseable {
    /**
     * The logits: scores before softmax.
     *
     * @param pixels FLOAT32 N×C×H×W in [0, 1]
     * @return N×K, differentiable in {@code pixels} where attacks are to follow gradients
     */
    Tensor logits(Tensor pixels);

    /**
     * The features: what its last, linear layer makes the logits of.
     *
     * @param pixels FLOAT32 N×C×H×W in [0, 1]
     * @return N×F
     * @throws InputException where no such layer is known, as by default
     */
    default Tensor features(Tensor pixels) {
        throw new InputException("the features of this classifier are not known: expected the weights of a network"
                + " whose architecture is known, not a program or a function");
    }

    /**
     * A classifier of a function that is not differentiable and gives one score a class: logits, or logarithms of
     * probabilities.
     *
     * @param scores from images, each the C·H·W values of its pixels in row-major order, to their scores: as many rows,
     *     all of one length
     */
    static Classifier ofScores(Function<float[][], float[][]> scores) {
        return pixels -> Plain.tensor(scores.apply(Plain.rows(pixels)), pixels);
    }

    /**
     * A classifier of a function that gives the predicted class alone. As logits it has 1 for that class and 0 for the
     * others, of which only attacks on labels make use.
     *
     * @param classes how many there are, at least 2
     * @param labels from images, each the C·H·W values of its pixels in row-major order, to their classes, from 0
     */
    static Classifier ofLabels(int classes, Function<float[][], int[]> labels) {
        if (classes < 2) {
            throw new InputException("classes " + classes + ": expected at least 2");
        }
        return pixels -> Plain.tensor(Plain.oneHot(labels.apply(Plain.rows(pixels)), classes), pixels);
    }

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

    /**
     * Whether the logits are differentiable in the pixels, as far as that is known before they are computed; where not,
     * only attacks on scores or labels work.
     */
    default boolean hasGradients() {
        return true;
    }

    /** Notes on how its outputs have been interpreted so far: ends of sentences whose subject is the classifier. */
    default List<String> notes() {
        return List.of();
    }

    /** Frees its native memory; does nothing by default. */
    @Override
    default void close() {}
}
