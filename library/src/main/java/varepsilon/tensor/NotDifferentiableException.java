package varepsilon.tensor;

import varepsilon.base.InputException;

/** A program computes what is asked of it, but not its gradient. */
public final class NotDifferentiableException extends InputException {
    private static final long serialVersionUID = 1L;

    NotDifferentiableException(String message) {
        super(message);
    }
}
