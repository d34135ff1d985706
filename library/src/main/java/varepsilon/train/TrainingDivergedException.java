package varepsilon.train;

/**
 * A loss, gradient or parameter is not finite. The message has the step, what is not finite and, where there are any,
 * the last finite weights.
 */
public final class TrainingDivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TrainingDivergedException(String message) {
        super(message);
    }
}
