package varepsilon.lab.cli;

import java.util.Locale;
import varepsilon.lab.evaluate.ModelComparison;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.Percent;

/** Formats the comparison of two classifiers. */
final class Comparisons {
    private Comparisons() {}

    /** @param what which accuracy, such as {@code Clean accuracy} */
    static String text(String what, ModelComparison comparison) {
        PairedComparison pairs = comparison.pairs();
        return String.format(
                Locale.ROOT,
                "%s: %s %s, %s %s; difference %s points (95 %% interval %s).%n"
                        + "Correctly classified by both %,d, by the first alone %,d, by the second alone %,d, by"
                        + " neither %,d;"
                        + " McNemar's exact p = %.3g.%n",
                what,
                comparison.first(),
                Percent.of(pairs.first().rate(), 2),
                comparison.second(),
                Percent.of(pairs.second().rate(), 2),
                Percent.signed(pairs.difference(), 2),
                Percent.signedRange(pairs.interval(), 2),
                pairs.bothCorrect(),
                pairs.onlyFirst(),
                pairs.onlySecond(),
                pairs.bothWrong(),
                pairs.pValue());
    }
}
