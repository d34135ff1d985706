package varepsilon.graph;

import varepsilon.base.InputException;

/** A graph has operations that are not known here; another program may run it. */
public final class UnsupportedOperationsException extends InputException {
    private static final long serialVersionUID = 1L;

    UnsupportedOperationsException(String message) {
        super(message);
    }
}
