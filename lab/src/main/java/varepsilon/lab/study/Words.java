package varepsilon.lab.study;

import java.util.Locale;

/** Formats the sentences of studies. */
final class Words {
    private Words() {}

    /** The text with its numbers, independent of the locale. */
    static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /** A number with three significant digits. */
    static String number(double value) {
        double size = Math.abs(value);
        if (value == 0) {
            return "0";
        }
        if (size >= 1e6 || size < 1e-3) {
            return text("%.1e", value);
        }
        int decimals = (int) Math.max(0, 2 - Math.floor(Math.log10(size)));
        return text("%,." + decimals + "f", value);
    }

    /** A share of one, in percent, with three significant digits. */
    static String percent(double share) {
        return number(100 * share) + " %";
    }
}
