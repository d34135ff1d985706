package varepsilon.lab.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.lab.evaluate.AttackReport;
import varepsilon.lab.evaluate.StageOutcome;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.report.Table;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Interval;
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
        text.append(attacks(report.attacks(), settings, report));
        report.attacks().stream().filter(one -> one.stages() != null).forEach(one -> text.append(stages(one)));
        text.append(System.lineSeparator()).append(ChecksText.of(report.checks()));
        if (report.comparison() != null) {
            text.append(String.format("%n%s%n%n", report.comparison().clean().second()))
                    .append(attacks(report.comparison().attacks(), settings, null))
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
            text.append(System.lineSeparator()).append(transfer(report.transfer()));
        }
        if (report.saved() != null) {
            text.append(System.lineSeparator());
            report.saved().forEach(saved -> text.append(saved(saved)));
        }
        return text.toString();
    }

    /** @param worst whose worst case over its attacks is the last row, null for none */
    private static String attacks(List<AttackOutcome> outcomes, List<AttackSpec> settings, AttackReport worst) {
        boolean withGoal = outcomes.get(0).goalMet() != null;
        List<Table.Column> columns = new ArrayList<>(List.of(
                Table.text("attack"),
                Table.count("robust", ""),
                Table.percent("accuracy", 2),
                Table.percent("from", 2),
                Table.percent("to", 2)));
        if (withGoal) {
            columns.addAll(List.of(Table.count("goal met", ""), Table.count("of", "")));
        }
        columns.addAll(List.of(
                Table.number("largest", "pixel units", 4),
                Table.count("forward", "images"),
                Table.count("backward", "images"),
                Table.number("time", "s", 1)));
        Table table = new Table(columns.toArray(Table.Column[]::new));
        for (int i = 0; i < outcomes.size(); i++) {
            AttackOutcome one = outcomes.get(i);
            List<Object> cells = accuracy(settings.get(i).label(), one.robust());
            if (withGoal) {
                cells.addAll(List.of(one.goalMet(), one.goalPossible()));
            }
            cells.addAll(List.of(one.maxPerturbation(), one.forwardPasses(), one.backwardPasses(), one.seconds()));
            table.row(cells.toArray());
        }
        if (worst != null && outcomes.size() > 1) {
            List<Object> cells = accuracy("worst case", worst.robust());
            if (withGoal) {
                cells.addAll(Arrays.asList(null, null));
            }
            cells.addAll(
                    List.of(worst.maxPerturbation(), worst.forwardPasses(), worst.backwardPasses(), worst.seconds()));
            table.row(cells.toArray());
        }
        return table.toText();
    }

    private static String stages(AttackOutcome attack) {
        Table table = new Table(
                Table.text("stage of " + attack.name()),
                Table.count("left", "images"),
                Table.count("broken", "images"),
                Table.count("robust", ""),
                Table.count("forward", "images"),
                Table.count("backward", "images"),
                Table.number("time", "s", 1));
        for (StageOutcome stage : attack.stages()) {
            table.row(
                    stage.tried() < stage.left()
                            ? stage.name() + " (on " + stage.tried() + ", where the budget ended)"
                            : stage.name(),
                    stage.left(),
                    stage.broken(),
                    stage.robustCorrect(),
                    stage.forwardPasses(),
                    stage.backwardPasses(),
                    stage.seconds());
        }
        String untested = attack.untested() == null
                ? ""
                : "Not run: " + String.join(", ", attack.untested()) + "." + System.lineSeparator();
        String doubled = attack.doubled() == null
                ? ""
                : String.format(
                        Locale.ROOT,
                        "With twice the passes it would break about %.1f more images (95 %% interval %.0f to %.1f),"
                                + " judged by what the last half of them broke.%n",
                        attack.doubled().images(),
                        attack.doubled().ci95().get(0),
                        attack.doubled().ci95().get(1));
        return System.lineSeparator() + table.toText() + untested + doubled;
    }

    private static List<Object> accuracy(String name, Accuracy robust) {
        Interval interval = robust.interval();
        return new ArrayList<>(List.of(name, robust.correct(), interval.value(), interval.low(), interval.high()));
    }

    private static String transfer(AttackReport.Transfer transfer) {
        Table table = new Table(
                Table.text("made on"),
                Table.text("classified by"),
                Table.count("both correct", ""),
                Table.count("misclassified", ""),
                Table.percent("rate", 2),
                Table.percent("from", 2),
                Table.percent("to", 2));
        for (int i = 0; i < transfer.models().size(); i++) {
            for (int j = 0; j < transfer.models().size(); j++) {
                AttackReport.TransferCell cell = transfer.cells().get(i).get(j);
                boolean counted = cell.ci95() != null;
                table.row(
                        transfer.models().get(i),
                        transfer.models().get(j),
                        cell.bothCorrect(),
                        cell.misclassified(),
                        cell.rate(),
                        counted ? cell.ci95().get(0) : null,
                        counted ? cell.ci95().get(1) : null);
            }
        }
        return table.toText();
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
