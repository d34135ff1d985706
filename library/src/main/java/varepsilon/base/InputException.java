package varepsilon.base;

/**
 * Input from outside (a file, a parameter, a configuration) that cannot be used. The message is one line for the user:
 * the file or parameter, what was found, what was expected and what to do.
 */
public class InputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** An error with a message that is complete without a stack trace. */
    public InputException(String message) {
        super(message);
    }

    /** An error with the failure that led to it. */
    public InputException(String message, Throwable cause) {
        super(message, cause);
    }
}
