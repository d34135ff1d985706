package varepsilon.classify;

import java.util.Arrays;
import java.util.stream.IntStream;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Checks of logits. */
public final class Logits {
    private static final double PROBABILITY_TOLERANCE = 1e-3;

    private Logits() {}

    /**
     * Checks the output of a classifier.
     *
     * @param logits what it returned
     * @param examples how many images it was given
     * @throws InputException where these are not N×K with K at least 2, or not finite numbers
     */
    public static void check(Tensor logits, long examples) {
        checkShape(logits, examples);
        if (!logits.isFinite()) {
            double[] sums = logits.to(DType.FLOAT64).sum(1).toDoubles();
            int[] bad = IntStream.range(0, sums.length)
                    .filter(i -> !Double.isFinite(sums[i]))
                    .toArray();
            throw new InputException("the classifier returned logits that are not finite numbers (NaN or infinite) for "
                    + bad.length + " of " + examples + " images, the first of them number " + (bad[0] + 1)
                    + " of its batch; it cannot be evaluated");
        }
    }

    /**
     * Checks the shape of a classifier's output alone.
     *
     * @param logits what it returned
     * @param examples how many images it was given
     * @throws InputException where it is not N×K with K at least 2
     */
    public static void checkShape(Tensor logits, long examples) {
        long[] shape = logits.shape();
        if (shape.length != 2 || shape[0] != examples || shape[1] < 2) {
            boolean single = logits.count() == examples && (shape.length == 1 || shape.length == 2);
            throw new InputException("the classifier returned " + Arrays.toString(shape) + " for " + examples
                    + " images; expected one row of at least 2 logits for each"
                    + (single ? ", and for one number z that tells two classes apart, the logits 0 and z" : ""));
        }
    }

    /**
     * Whether a classifier seems to return probabilities: every row within [0, 1] with sum 1. Cross-entropy of
     * probabilities taken for logits has small gradients, so attacks are weak and robust accuracy is overestimated.
     */
    public static boolean areProbabilities(Tensor logits) {
        try (var scope = Scope.withoutGradients()) {
            return logits.neg().amax(0, 1).item() <= 0
                    && logits.sum(1).sub(1).abs().amax(0).item() < PROBABILITY_TOLERANCE;
        }
    }
}
