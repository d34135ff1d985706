package varepsilon.train;

import varepsilon.base.InputException;

/** A new run was to be made in the folder of an earlier one. */
public final class ExistingRunException extends InputException {
    private static final long serialVersionUID = 1L;

    /** An error with a message that names the folder. */
    public ExistingRunException(String message) {
        super(message);
    }
}
