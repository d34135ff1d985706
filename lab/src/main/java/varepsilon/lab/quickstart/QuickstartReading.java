package varepsilon.lab.quickstart;

import java.util.List;
import java.util.Locale;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.report.Table;
import varepsilon.stats.WilsonInterval;

/** What the quickstart measured of its classifiers, as a table and two sentences that follow from the numbers. */
final class QuickstartReading {
    private QuickstartReading() {}

    static String of(QuickstartResult.Classifiers classifiers) {
        List<AttackOutcome> standard = classifiers.standard().attacks();
        List<AttackOutcome> defended = classifiers.defended().attacks();
        Table table = new Table(
                Table.text(""),
                Table.percent("standard", 1),
                Table.text("95 % interval"),
                Table.percent("defended", 1),
                Table.text("95 % interval"));
        AttackOutcome clean = standard.get(0);
        AttackOutcome cleanDefended = defended.get(0);
        table.row(
                "as they are",
                clean.cleanAccuracy(),
                interval(cleanInterval(clean)),
                cleanDefended.cleanAccuracy(),
                interval(cleanInterval(cleanDefended)));
        for (int i = 0; i < standard.size(); i++) {
            table.row(
                    name(standard.get(i)),
                    standard.get(i).robustAccuracy(),
                    interval(robustInterval(standard.get(i))),
                    defended.get(i).robustAccuracy(),
                    interval(robustInterval(defended.get(i))));
        }
        return String.format(
                Locale.ROOT,
                """
                Two classifiers of %,d such digits: accuracy in %%, where each pixel may change by ε = %s
                %s
                %s
                %s
                """,
                clean.n(),
                classifiers.eps(),
                table.toText(),
                attackSentence(standard),
                defenceSentence(last(standard), last(defended)));
    }

    /** The two sentences alone. */
    static String sentences(QuickstartResult.Classifiers classifiers) {
        List<AttackOutcome> standard = classifiers.standard().attacks();
        return attackSentence(standard) + " "
                + defenceSentence(last(standard), last(classifiers.defended().attacks()));
    }

    /** What the standard classifier does under noise and under the strongest attack. */
    private static String attackSentence(List<AttackOutcome> standard) {
        return String.format(
                Locale.ROOT,
                "Random changes of that size leave the standard classifier right on %s of the digits, the worst that %s"
                        + " finds on %s.",
                percent(standard.get(0).robustAccuracy()),
                name(last(standard)),
                percent(last(standard).robustAccuracy()));
    }

    /** Whether the defence holds, and what it costs; claims no difference that the intervals do not show. */
    private static String defenceSentence(AttackOutcome standard, AttackOutcome defended) {
        WilsonInterval without = robustInterval(standard);
        WilsonInterval with = robustInterval(defended);
        String robust = percent(defended.robustAccuracy());
        if (with.low() <= without.high()) {
            return "Training on such changes "
                    + (with.high() < without.low() ? "made it worse" : "made no clear difference") + ": " + robust
                    + " under the same attack.";
        }
        return "The one trained on such changes too stays right on " + robust + " under the same attack, and "
                + price(standard, defended) + ".";
    }

    private static String price(AttackOutcome standard, AttackOutcome defended) {
        String both = percent(defended.cleanAccuracy()) + " instead of " + percent(standard.cleanAccuracy())
                + " of them as they are";
        if (cleanInterval(defended).high() < cleanInterval(standard).low()) {
            return "pays for it by getting only " + both;
        }
        return "does not clearly pay for it: it gets " + both;
    }

    private static AttackOutcome last(List<AttackOutcome> outcomes) {
        return outcomes.get(outcomes.size() - 1);
    }

    private static String name(AttackOutcome outcome) {
        return outcome.steps() == null ? outcome.name() : outcome.name() + "-" + outcome.steps();
    }

    private static WilsonInterval cleanInterval(AttackOutcome outcome) {
        return WilsonInterval.of(outcome.cleanCorrect(), outcome.n());
    }

    private static WilsonInterval robustInterval(AttackOutcome outcome) {
        return WilsonInterval.of(outcome.robustCorrect(), outcome.n());
    }

    private static String interval(WilsonInterval interval) {
        return String.format(Locale.ROOT, "%.1f to %.1f", 100 * interval.low(), 100 * interval.high());
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
