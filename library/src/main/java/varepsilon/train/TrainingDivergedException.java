package varepsilon.train;

/** A loss, gradient or parameter is not finite. The message has the step, the values and the last valid checkpoint. */
public final class TrainingDivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TrainingDivergedException(String message) {
        super(message);
    }
}
