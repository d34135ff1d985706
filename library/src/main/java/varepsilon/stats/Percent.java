package varepsilon.stats;

import java.util.Locale;

/**
 * Formats shares as percentages for sentences and tables, independent of the locale, with one decimal or a given number
 * of them.
 */
public final class Percent {
    private Percent() {}

    /** {@code 41.2 %}. */
    public static String of(double share) {
        return of(share, 1);
    }

    /** {@code 41.24 %}, with so many decimals. */
    public static String of(double share, int decimals) {
        return number(share, decimals) + " %";
    }

    /** {@code 41.2 % (38.1 to 44.3)}: with the interval. */
    public static String of(Interval share) {
        return of(share.value()) + " (" + range(share) + ")";
    }

    /** {@code 41.24}: without the unit, with so many decimals. */
    public static String number(double share, int decimals) {
        return String.format(Locale.ROOT, "%." + decimals + "f", 100 * share);
    }

    /** {@code 38.1 to 44.3}: the interval alone, without the unit. */
    public static String range(Interval share) {
        return range(share, 1);
    }

    /** {@code 38.12 to 44.31}, with so many decimals. */
    public static String range(Interval share, int decimals) {
        return number(share.low(), decimals) + " to " + number(share.high(), decimals);
    }

    /** {@code 38.1–44.3}: the interval alone, where space is short. */
    public static String dashed(Interval share) {
        return number(share.low(), 1) + "–" + number(share.high(), 1);
    }

    /** {@code +3.1 points (-0.4 to +6.6)}: a difference of shares, with its interval. */
    public static String points(Interval difference) {
        return points(difference.value()) + " (" + signedRange(difference, 1) + ")";
    }

    /** {@code +3.1 points}: a difference of shares. */
    public static String points(double difference) {
        return signed(difference, 1) + " points";
    }

    /** {@code -0.4 to +6.6}: the interval of a difference alone, without the unit. */
    public static String signedRange(Interval difference, int decimals) {
        return signed(difference.low(), decimals) + " to " + signed(difference.high(), decimals);
    }

    /** {@code +3.1}: a difference of shares without the unit, with so many decimals. */
    public static String signed(double difference, int decimals) {
        return String.format(Locale.ROOT, "%+." + decimals + "f", 100 * difference);
    }
}
