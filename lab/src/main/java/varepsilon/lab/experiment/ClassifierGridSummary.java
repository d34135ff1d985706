package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import varepsilon.lab.page.HtmlPage;
import varepsilon.report.IntervalChart;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Percent;

/** Trained classifiers side by side. */
final class ClassifierGridSummary {
    private static final List<String> TESTED = List.of(
            "test.accuracy",
            "test.attack.robust_accuracy",
            "validation_accuracy",
            "validation_robust_accuracy",
            "best_epoch",
            "epochs",
            "forward_passes",
            "backward_passes");

    private final List<String> keys;
    private final List<GridExperiment.Run> runs;

    ClassifierGridSummary(List<String> keys, List<GridExperiment.Run> runs) {
        this.keys = keys;
        this.runs = runs;
    }

    /**
     * What is right on the test images.
     *
     * @param robust the same under the check's attack; null where there is none
     */
    private record Tested(Accuracy clean, Accuracy robust) {
        static Tested of(GridExperiment.Run run) throws IOException {
            JsonNode test = run.results().get("test");
            JsonNode attack = test.path("attack");
            int n = test.get("n").asInt();
            return new Tested(
                    new Accuracy(test.get("correct").asInt(), n),
                    attack.has("robust_correct")
                            ? new Accuracy(attack.get("robust_correct").asInt(), n)
                            : null);
        }
    }

    Experiment.Summary summary() throws IOException {
        List<String> columns = new ArrayList<>(keys);
        columns.addAll(List.of("metric", "value", "low", "high", "n"));
        List<List<Object>> rows = new ArrayList<>();
        List<Object> json = new ArrayList<>();
        Table table = new Table(
                Table.text("training"),
                Table.percent("accuracy", 1),
                Table.text("95 %"),
                Table.percent("robust", 1),
                Table.text("95 %"));
        for (GridExperiment.Run run : runs) {
            Tested tested = Tested.of(run);
            Map<String, Double> numbers = GridExperiment.numbers(run.results(), TESTED);
            numbers.forEach((name, value) -> rows.add(line(run, name, value, intervalOf(name, tested))));
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("training", run.assignment().values());
            one.putAll(numbers);
            json.add(one);
            table.row(
                    run.assignment().label(),
                    tested.clean().rate(),
                    interval(tested.clean()),
                    tested.robust() == null ? null : tested.robust().rate(),
                    tested.robust() == null ? null : interval(tested.robust()));
        }
        return new Experiment.Summary(columns, rows, json, table, reading(), page -> show(page, table));
    }

    private static Accuracy intervalOf(String metric, Tested tested) {
        return switch (metric) {
            case "test.accuracy" -> tested.clean();
            case "test.attack.robust_accuracy" -> tested.robust();
            default -> null;
        };
    }

    private List<Object> line(GridExperiment.Run run, String metric, Double value, Accuracy counted) {
        List<Object> line = GridExperiment.values(run.assignment(), keys);
        line.add(metric);
        line.add(value);
        line.add(counted == null ? null : counted.interval().low());
        line.add(counted == null ? null : counted.interval().high());
        line.add(counted == null ? null : counted.n());
        return line;
    }

    private String reading() throws IOException {
        GridExperiment.Run best = runs.get(0);
        for (GridExperiment.Run run : runs) {
            if (Tested.of(run).clean().rate() > Tested.of(best).clean().rate()) {
                best = run;
            }
        }
        Accuracy clean = Tested.of(best).clean();
        return String.format(
                Locale.ROOT,
                "Of %d trainings, that with %s classifies most test images correctly: %s (95 %%: %s).",
                runs.size(),
                best.assignment().label(),
                Percent.of(clean.rate()),
                interval(clean));
    }

    private void show(HtmlPage page, Table table) {
        page.heading("On the test images");
        try {
            IntervalChart chart = new IntervalChart("Accuracy", "accuracy on the test images").percent();
            for (GridExperiment.Run run : runs) {
                Tested tested = Tested.of(run);
                List<IntervalChart.Mark> marks = new ArrayList<>(List.of(mark("as they are", tested.clean())));
                if (tested.robust() != null) {
                    marks.add(mark("attacked", tested.robust()));
                }
                chart.row(run.assignment().label(), marks.toArray(IntervalChart.Mark[]::new));
            }
            page.chart(chart, "Whiskers are Wilson 95 % intervals.");
            page.table(table, "The weights of the best validation epoch of each training.");
            for (GridExperiment.Run run : runs) {
                Map<String, double[]> metrics = run.metrics();
                LineChart curves = new LineChart(run.assignment().label(), "epoch", "accuracy");
                for (String column : List.of("train_accuracy", "val_accuracy", "val_robust_accuracy")) {
                    if (metrics.containsKey(column)) {
                        curves.curve(column, metrics.get("epoch"), metrics.get(column));
                    }
                }
                page.chart(curves, "Accuracy over training.");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static IntervalChart.Mark mark(String series, Accuracy of) {
        return IntervalChart.Mark.of(series, of.interval());
    }

    private static String interval(Accuracy of) {
        return Percent.dashed(of.interval());
    }
}
