package varepsilon.lab.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.report.Table;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Interval;

/** The results of attacks as tables, for the terminal and for a page. */
public final class AttackTables {
    private AttackTables() {}

    /**
     * A row an attack.
     *
     * @param settings of the attacks, in their order
     * @param worst whose worst case over its attacks is the last row, where there are several; null for none
     */
    public static Table attacks(List<AttackOutcome> outcomes, List<AttackSpec> settings, AttackReport worst) {
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
        return table;
    }

    private static List<Object> accuracy(String name, Accuracy robust) {
        Interval interval = robust.interval();
        return new ArrayList<>(List.of(name, robust.correct(), interval.value(), interval.low(), interval.high()));
    }

    /** A row a stage of an attack that has stages. */
    public static Table stages(AttackOutcome attack, AttackSpec settings) {
        Table table = new Table(
                Table.text("stage of " + settings.label()),
                Table.count("left", "images"),
                Table.count("broken", "images"),
                Table.count("robust", ""),
                Table.count("forward", "images"),
                Table.count("backward", "images"),
                Table.number("time", "s", 1));
        for (StageOutcome stage : attack.stages()) {
            table.row(
                    stage.tried() < stage.left()
                            ? stage.name() + " (ended after " + stage.tried() + " of them)"
                            : stage.name(),
                    stage.left(),
                    stage.broken(),
                    stage.robustCorrect(),
                    stage.forwardPasses(),
                    stage.backwardPasses(),
                    stage.seconds());
        }
        return table;
    }

    /** What the stages of an attack did not try, and what more passes would find: a sentence each, or none. */
    public static List<String> outlook(AttackOutcome attack, AttackSpec settings) {
        List<String> sentences = new ArrayList<>();
        if (attack.untested() != null) {
            String of = attack.stages() == null ? " of " + settings.label() : "";
            sentences.add("Not run" + of + ": " + String.join(", ", attack.untested()) + ".");
        }
        if (attack.doubled() != null) {
            sentences.add(String.format(
                    Locale.ROOT,
                    "With twice the passes it would break about %.1f more images (95 %% interval %.0f to %.1f),"
                            + " judged by what the last half of them broke.",
                    attack.doubled().images(),
                    attack.doubled().ci95().get(0),
                    attack.doubled().ci95().get(1)));
        }
        return sentences;
    }

    /** A row for each pair of classifiers. */
    public static Table transfer(AttackReport.Transfer transfer) {
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
        return table;
    }

    /** A row an attack that searched for the smallest perturbations. */
    public static Table smallest(SmallestPerturbations result) {
        Table table = new Table(
                Table.text("attack"),
                Table.number("median", result.minimum().norm(), 5),
                Table.number("optimality", "", 3),
                Table.count("not found", "images"),
                Table.count("forward", "images"),
                Table.count("backward", "images"),
                Table.number("time", "s", 1));
        for (SmallestPerturbations.OfAttack one : result.minimum().attacks()) {
            table.row(
                    one.name(),
                    one.median(),
                    one.optimality(),
                    one.notFound(),
                    one.forwardPasses(),
                    one.backwardPasses(),
                    one.seconds());
        }
        return table;
    }

    /** Sizes of the smallest perturbations at some shares of the images. */
    public static Table quantiles(SmallestPerturbations result) {
        Table table = new Table(
                Table.percent("of the correctly classified images", 0),
                Table.number("are misclassified within", result.minimum().norm(), 5));
        result.minimum().quantiles().forEach(quantile -> table.row(quantile.share(), quantile.size()));
        return table;
    }

    /** Robust accuracy at some ε, from the smallest perturbations. */
    public static Table accuracies(SmallestPerturbations result) {
        Table table = new Table(
                Table.number("ε", "pixel units", 5),
                Table.count("robust", ""),
                Table.percent("accuracy", 2),
                Table.percent("from", 2),
                Table.percent("to", 2));
        result.accuracies()
                .forEach(at -> table.row(
                        at.eps(),
                        at.robustCorrect(),
                        at.robustAccuracy(),
                        at.robustCi95().get(0),
                        at.robustCi95().get(1)));
        return table;
    }
}
