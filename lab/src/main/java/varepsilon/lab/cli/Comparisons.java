package varepsilon.lab.cli;

import java.util.Locale;
import varepsilon.lab.evaluate.ModelComparison;

/** How two classifiers compare, in words. */
final class Comparisons {
    private Comparisons() {}

    /** @param what which images, such as {@code as they are} */
    static String text(String what, ModelComparison comparison) {
        return String.format(
                Locale.ROOT,
                "Images %s: %s %.2f %%, %s %.2f %%; difference %+.2f points (95 %% interval %+.2f to %+.2f).%n"
                        + "Right in both %,d, in the first alone %,d, in the second alone %,d, in none %,d;"
                        + " McNemar's exact p = %.3g.%n",
                what,
                comparison.first(),
                100 * comparison.firstAccuracy(),
                comparison.second(),
                100 * comparison.secondAccuracy(),
                100 * comparison.difference(),
                100 * comparison.differenceCi95().get(0),
                100 * comparison.differenceCi95().get(1),
                comparison.bothRight(),
                comparison.onlyFirst(),
                comparison.onlySecond(),
                comparison.bothWrong(),
                comparison.pValue());
    }
}
