package varepsilon.robust.evaluate;

import java.util.Locale;

/** Numbers as sentences show them. */
final class Numbers {
    private Numbers() {}

    /** Four significant digits, without trailing zeros. */
    static String shortest(double value) {
        return Double.toString(Double.parseDouble(String.format(Locale.ROOT, "%.4g", value)));
    }

    /** A share in percent with one decimal. */
    static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
