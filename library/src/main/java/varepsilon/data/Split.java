package varepsilon.data;

import java.util.Locale;

/** The two parts in which a data set is published. A validation part is cut out of {@link #TRAIN}: {@link Splits}. */
public enum Split {
    TRAIN,
    TEST;

    /** The name in messages and files: {@code train}, {@code test}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
