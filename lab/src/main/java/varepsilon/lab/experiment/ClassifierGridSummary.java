package varepsilon.lab.experiment;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.run.ClassifierResults;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.report.IntervalChart;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Percent;

/** Trained classifiers side by side. */
final class ClassifierGridSummary extends GridSummary<ClassifierSpec, ClassifierResults> {
    private static final String CLEAN = "test.accuracy";
    private static final String ROBUST = "test.attack.robust_accuracy";

    ClassifierGridSummary(List<String> keys, List<GridExperiment.Run<ClassifierSpec>> runs) throws IOException {
        super(keys, runs, ClassifierResults.class);
    }

    /** Clean accuracy on the test images. */
    private static Accuracy clean(ClassifierResults results) {
        return new Accuracy(results.test().correct(), results.test().n());
    }

    /** Robust accuracy under the check's attack; null where there is none. */
    private static Accuracy robust(ClassifierResults results) {
        ClassifierResults.Test test = results.test();
        return test.attack() == null ? null : new Accuracy(test.attack().robustCorrect(), test.n());
    }

    @Override
    List<String> columns() {
        return List.of("metric", "value", "low", "high", "n");
    }

    @Override
    Map<String, Function<ClassifierResults, Number>> figures() {
        Map<String, Function<ClassifierResults, Number>> figures = new LinkedHashMap<>();
        figures.put(CLEAN, results -> results.test().accuracy());
        figures.put(
                ROBUST,
                results -> robust(results) == null ? null : robust(results).rate());
        figures.put("validation_accuracy", ClassifierResults::validationAccuracy);
        figures.put("validation_robust_accuracy", ClassifierResults::validationRobustAccuracy);
        figures.put("best_epoch", ClassifierResults::bestEpoch);
        figures.put("epochs", ClassifierResults::epochs);
        figures.put("forward_passes", ClassifierResults::forwardPasses);
        figures.put("backward_passes", ClassifierResults::backwardPasses);
        return figures;
    }

    @Override
    List<List<Object>> lines(Trained<ClassifierSpec, ClassifierResults> one, Map<String, Double> figures) {
        List<List<Object>> lines = new ArrayList<>();
        figures.forEach((name, value) -> {
            Accuracy counted =
                    name.equals(CLEAN) ? clean(one.results()) : name.equals(ROBUST) ? robust(one.results()) : null;
            lines.add(
                    counted == null
                            ? Arrays.asList(name, value, null, null, null)
                            : List.of(
                                    name,
                                    value,
                                    counted.interval().low(),
                                    counted.interval().high(),
                                    counted.n()));
        });
        return lines;
    }

    @Override
    Table table() {
        Table table = new Table(
                Table.text("training"),
                Table.percent("clean", 1),
                Table.text("95 %"),
                Table.percent("robust", 1),
                Table.text("95 %"));
        for (var one : trained()) {
            Accuracy clean = clean(one.results());
            Accuracy robust = robust(one.results());
            table.row(
                    one.label(),
                    clean.rate(),
                    Percent.dashed(clean.interval()),
                    robust == null ? null : robust.rate(),
                    robust == null ? null : Percent.dashed(robust.interval()));
        }
        return table;
    }

    @Override
    String reading() {
        var best = trained().stream()
                .reduce((a, b) -> clean(b.results()).rate() > clean(a.results()).rate() ? b : a)
                .orElseThrow();
        Accuracy clean = clean(best.results());
        return String.format(
                Locale.ROOT,
                "Of %d trainings, that with %s has the highest clean accuracy on the test images: %s (95 %%: %s).",
                trained().size(),
                best.label(),
                Percent.of(clean.rate()),
                Percent.dashed(clean.interval()));
    }

    @Override
    void show(HtmlPage page, Table table) {
        page.heading("On the test images");
        IntervalChart chart = new IntervalChart("Accuracy", "accuracy on the test images").percent();
        for (var one : trained()) {
            List<IntervalChart.Mark> marks = new ArrayList<>();
            marks.add(IntervalChart.Mark.of("clean", clean(one.results()).interval()));
            if (robust(one.results()) != null) {
                marks.add(IntervalChart.Mark.of("robust", robust(one.results()).interval()));
            }
            chart.row(one.label(), marks.toArray(IntervalChart.Mark[]::new));
        }
        page.chart(chart, "Whiskers are Wilson 95 % intervals.");
        page.table(table, "The weights of the best validation epoch of each training.");
        for (var one : trained()) {
            LineChart curves = new LineChart(one.label(), "epoch", "accuracy");
            for (String column : List.of("train_accuracy", "val_accuracy", "val_robust_accuracy")) {
                if (one.metrics().containsKey(column)) {
                    curves.curve(
                            column, one.metrics().get("epoch"), one.metrics().get(column));
                }
            }
            page.chart(curves, "Accuracy over training.");
        }
    }
}
