package varepsilon.lab.run;

/** A person asked to stop; what was done is kept, and the same command goes on. */
public final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** For whoever asks {@code stopRequested} and hears yes. */
    public StoppedException() {
        super("stopped");
    }
}
