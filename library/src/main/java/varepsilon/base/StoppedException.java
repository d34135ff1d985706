package varepsilon.base;

/**
 * A stop was requested: see {@link Watch#stopRequested}. Whether partial results are kept is documented by the method
 * that throws it.
 */
public final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The work was stopped. */
    public StoppedException() {
        super("stopped");
    }
}
