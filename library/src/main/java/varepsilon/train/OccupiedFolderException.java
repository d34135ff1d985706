package varepsilon.train;

import varepsilon.base.InputException;

/** The folder for a new run is not empty. */
public final class OccupiedFolderException extends InputException {
    private static final long serialVersionUID = 1L;

    private final boolean isRun;

    /**
     * An error with a message that names the folder.
     *
     * @param isRun whether the folder holds an earlier run, which can be resumed
     */
    public OccupiedFolderException(String message, boolean isRun) {
        super(message);
        this.isRun = isRun;
    }

    /** Whether the folder holds an earlier run, which can be resumed. */
    public boolean isRun() {
        return isRun;
    }
}
