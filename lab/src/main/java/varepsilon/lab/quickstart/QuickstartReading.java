package varepsilon.lab.quickstart;

import java.util.List;
import java.util.Locale;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.report.Table;
import varepsilon.robust.evaluate.Check;
import varepsilon.stats.Interval;
import varepsilon.stats.Percent;

/** The results of the quickstart's classifiers, as a table and some sentences. */
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
                "clean",
                clean.cleanAccuracy(),
                Percent.range(clean.clean().interval()),
                cleanDefended.cleanAccuracy(),
                Percent.range(cleanDefended.clean().interval()));
        for (int i = 0; i < standard.size(); i++) {
            table.row(
                    name(standard.get(i)),
                    standard.get(i).robustAccuracy(),
                    Percent.range(standard.get(i).robust().interval()),
                    defended.get(i).robustAccuracy(),
                    Percent.range(defended.get(i).robust().interval()));
        }
        return String.format(
                Locale.ROOT,
                """
                Two classifiers of %,d such digits: accuracy in %%, where each pixel may change by ε = %s
                %s
                %s
                %s
                %s
                """,
                clean.n(),
                classifiers.eps(),
                table.toText(),
                attackSentence(standard),
                defenceSentence(last(standard), last(defended)),
                checkedSentence(classifiers.defended()));
    }

    /** The sentences alone. */
    static String sentences(QuickstartResult.Classifiers classifiers) {
        List<AttackOutcome> standard = classifiers.standard().attacks();
        return attackSentence(standard) + " "
                + defenceSentence(last(standard), last(classifiers.defended().attacks())) + " "
                + checkedSentence(classifiers.defended());
    }

    /** The defended classifier's robust accuracy, and its checks. */
    private static String checkedSentence(QuickstartResult.Attacked defended) {
        List<String> tripped = defended.checks().stream()
                .filter(Check::tripped)
                .map(Check::name)
                .toList();
        int passed = defended.checks().size() - tripped.size();
        return String.format(
                Locale.ROOT,
                "The defended classifier's robust accuracy, each digit under its worst attack, is %s: %d checks passed%s.",
                Percent.of((double) defended.robustCorrect()
                        / last(defended.attacks()).n()),
                passed,
                tripped.isEmpty() ? "" : "; tripped: " + String.join(", ", tripped));
    }

    /** The standard classifier under noise and under the strongest attack. */
    private static String attackSentence(List<AttackOutcome> standard) {
        return String.format(
                Locale.ROOT,
                "The standard classifier has a robust accuracy of %s under random changes of the same size ε, and of %s under"
                        + " %s.",
                Percent.of(standard.get(0).robustAccuracy()),
                Percent.of(last(standard).robustAccuracy()),
                name(last(standard)));
    }

    /** The gain and cost of the defence; states a difference only where the intervals show it. */
    private static String defenceSentence(AttackOutcome standard, AttackOutcome defended) {
        Interval without = standard.robust().interval();
        Interval with = defended.robust().interval();
        String robust = Percent.of(defended.robustAccuracy());
        if (with.low() <= without.high()) {
            return "Training on adversarial examples "
                    + (with.high() < without.low() ? "made it worse" : "made no clear difference") + ": " + robust
                    + " under the same attack.";
        }
        return "The classifier trained on adversarial examples too has a robust accuracy of " + robust
                + " under the same attack, and "
                + price(standard, defended) + ".";
    }

    private static String price(AttackOutcome standard, AttackOutcome defended) {
        String both = Percent.of(defended.cleanAccuracy()) + " instead of " + Percent.of(standard.cleanAccuracy());
        if (defended.clean().interval().high() < standard.clean().interval().low()) {
            return "its clean accuracy is lower: " + both;
        }
        return "its clean accuracy is not clearly lower: " + both;
    }

    private static AttackOutcome last(List<AttackOutcome> outcomes) {
        return outcomes.get(outcomes.size() - 1);
    }

    private static String name(AttackOutcome outcome) {
        return outcome.steps() == null ? outcome.name() : outcome.name() + "-" + outcome.steps();
    }
}
