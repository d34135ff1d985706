package varepsilon.base;

/** A person asked to stop: see {@link Watch#stopRequested}. What was done is kept where the work says so. */
public final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** For work that was asked to stop. */
    public StoppedException() {
        super("stopped");
    }
}
