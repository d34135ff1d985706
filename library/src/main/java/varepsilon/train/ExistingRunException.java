package varepsilon.train;

import varepsilon.base.InputException;

/** The folder for a new run holds an earlier run. */
public final class ExistingRunException extends InputException {
    private static final long serialVersionUID = 1L;

    /** An error with a message that names the folder. */
    public ExistingRunException(String message) {
        super(message);
    }
}
