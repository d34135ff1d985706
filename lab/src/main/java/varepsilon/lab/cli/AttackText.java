package varepsilon.lab.cli;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.lab.evaluate.AttackReport;
import varepsilon.lab.evaluate.AttackTables;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.stats.Percent;

/** Formats the results of attacks as tables. */
final class AttackText {
    private AttackText() {}

    /** @param settings of the report's attacks, in their order */
    static String of(AttackReport report, List<AttackSpec> settings) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s on %s, %s: clean accuracy %s (95 %% interval %s), %,d of %,d images correctly classified%n%n",
                report.weights(),
                report.images(),
                report.goal(),
                Percent.of(report.clean().rate(), 2),
                Percent.range(report.clean().interval(), 2),
                report.cleanCorrect(),
                report.n()));
        text.append(AttackTables.attacks(report.attacks(), settings, report).toText());
        for (int i = 0; i < settings.size(); i++) {
            text.append(stages(report.attacks().get(i), settings.get(i)));
        }
        text.append(System.lineSeparator()).append(ChecksText.of(report.checks()));
        if (report.certified() != null) {
            text.append(System.lineSeparator()).append(CertifyText.of(report.certified()));
        }
        if (report.comparison() != null) {
            text.append(String.format("%n%s%n%n", report.comparison().clean().second()))
                    .append(AttackTables.attacks(report.comparison().attacks(), settings, null)
                            .toText())
                    .append(System.lineSeparator())
                    .append(ChecksText.of(report.comparison().checks()))
                    .append(System.lineSeparator())
                    .append(Comparisons.text(
                            "Clean accuracy", report.comparison().clean()))
                    .append(Comparisons.text(
                            "Robust accuracy, each image under its worst attack",
                            report.comparison().robust()));
        }
        if (report.transfer() != null) {
            text.append(System.lineSeparator())
                    .append(AttackTables.transfer(report.transfer()).toText());
        }
        if (report.saved() != null) {
            text.append(System.lineSeparator());
            report.saved().forEach(saved -> text.append(saved(saved)));
        }
        return text.toString();
    }

    private static String stages(AttackOutcome attack, AttackSpec settings) {
        String line = System.lineSeparator();
        return (attack.stages() == null
                        ? ""
                        : line + AttackTables.stages(attack, settings).toText())
                + AttackTables.outlook(attack, settings).stream()
                        .map(sentence -> sentence + line)
                        .collect(Collectors.joining());
    }

    private static String saved(AttackReport.Saved saved) {
        return String.format(
                Locale.ROOT,
                "Saved in %s. Of %,d adversarial examples, %,d are still misclassified when predicted from the floats,"
                        + " %,d from the PNG files; correctly classified before and after: %,d and %,d.%s%n",
                saved.folder(),
                saved.adversarial(),
                saved.floats().stillAdversarial(),
                saved.bytes().stillAdversarial(),
                saved.floats().robustCorrect(),
                saved.bytes().robustCorrect(),
                saved.floats().withinThreatModel() && saved.bytes().withinThreatModel()
                        ? ""
                        : " Some perturbations in the files are larger than the threat model allows.");
    }
}
