package varepsilon.robust.evaluate;

import java.util.Locale;

/** Numbers formatted for sentences. */
final class Numbers {
    private Numbers() {}

    /** Four significant digits, without trailing zeros. */
    static String shortest(double value) {
        return Double.toString(Double.parseDouble(String.format(Locale.ROOT, "%.4g", value)));
    }
}
