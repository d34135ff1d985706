package varepsilon.lab.study;

import java.util.Locale;
import varepsilon.stats.Accuracy;
import varepsilon.stats.WilsonInterval;

/** Accuracies and their differences as they stand in sentences and tables. */
final class Shares {
    private Shares() {}

    /** {@code 41.2 %}. */
    static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    /** {@code 41.2 % (38.1 to 44.3)}: with the 95 % interval. */
    static String percent(Accuracy accuracy) {
        return percent(accuracy.rate()) + " (" + range(accuracy.interval()) + ")";
    }

    /** {@code 38.1 to 44.3}, in percent. */
    static String range(WilsonInterval interval) {
        return range(interval.low(), interval.high());
    }

    /** {@code 38.1 to 44.3}, in percent. */
    static String range(double low, double high) {
        return String.format(Locale.ROOT, "%.1f to %.1f", 100 * low, 100 * high);
    }

    /** {@code +3.1 points (-0.4 to +6.6)}: a difference of shares with its 95 % interval. */
    static String points(double difference, double low, double high) {
        return String.format(Locale.ROOT, "%+.1f points (%+.1f to %+.1f)", 100 * difference, 100 * low, 100 * high);
    }

    /** A number with so many decimals. */
    static String number(double value, int decimals) {
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}
