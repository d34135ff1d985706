package varepsilon.train;

/** The loss is no longer a number. The message says where, what was seen, and which checkpoint is still good. */
public final class TrainingDivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TrainingDivergedException(String message) {
        super(message);
    }
}
