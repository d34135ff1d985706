package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import varepsilon.generative.Likelihood;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.run.ReferenceCurves;
import varepsilon.lab.run.TrainingPictures;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.report.LineChart;
import varepsilon.report.Table;

/** Trained VAEs side by side, and beside what was published of the same training. */
final class VaeGridSummary {
    private static final List<String> TESTED = List.of(
            "test.bpd",
            "test.nelbo_nats",
            "test.reconstruction_nats",
            "test.kl_nats",
            "test.active_units",
            "validation_bpd",
            "best_epoch",
            "epochs");
    private static final String VALIDATION = "val_bpd";

    private final List<String> keys;
    private final List<GridExperiment.Run> runs;
    private final ReferenceCurves curves;

    VaeGridSummary(List<String> keys, List<GridExperiment.Run> runs, ReferenceCurves curves) {
        this.keys = keys;
        this.runs = runs;
        this.curves = curves;
    }

    Experiment.Summary summary() throws IOException {
        List<String> columns = new ArrayList<>(keys);
        columns.addAll(List.of("epoch", "metric", "value", "published"));
        List<List<Object>> rows = new ArrayList<>();
        List<Object> json = new ArrayList<>();
        List<String> sentences = new ArrayList<>();
        Table table = new Table(
                Table.text("training"),
                Table.count("epochs", ""),
                Table.number("test", "bits/dim", 4),
                Table.number("reconstruction", "nats", 2),
                Table.number("KL", "nats", 2),
                Table.text("active units"));
        Table beside = new Table(
                Table.text("training"),
                Table.count("epoch", ""),
                Table.number("validation", "bits/dim", 4),
                Table.number("published", "bits/dim", 4),
                Table.number("difference", "%", 1));
        for (GridExperiment.Run run : runs) {
            Map<String, Double> tested = GridExperiment.numbers(run.results(), TESTED);
            tested.forEach((name, value) -> rows.add(line(run, null, name, value, null)));
            if (likelihood(run).isDensity()) {
                rows.add(line(run, null, "bpd_is_density", 1.0, null));
            }
            Map<String, Map<Integer, Double>> published = published(run);
            lines(run, published, rows);
            json.add(json(run, tested));
            JsonNode test = run.results().get("test");
            table.row(
                    label(run),
                    run.results().get("epochs").asInt(),
                    test.get("bpd").asDouble(),
                    test.get("reconstruction_nats").asDouble(),
                    test.get("kl_nats").asDouble(),
                    test.get("active_units").asText() + " of " + ((VaeSpec) run.config()).latentDim());
            beside(run, published, beside);
            sentences.add(sentence(run, published));
        }
        return new Experiment.Summary(
                columns, rows, json, table, String.join(" ", sentences), page -> show(page, table, beside));
    }

    private static Likelihood likelihood(GridExperiment.Run run) {
        return ((VaeSpec) run.config()).likelihood();
    }

    /** Says of bits per dimension that are those of a density that they are. */
    private static String label(GridExperiment.Run run) {
        return run.assignment().label() + (likelihood(run).isDensity() ? " (density)" : "");
    }

    private List<Object> line(GridExperiment.Run run, Integer epoch, String metric, Double value, Double published) {
        List<Object> line = GridExperiment.values(run.assignment(), keys);
        line.add(epoch);
        line.add(metric);
        line.add(value);
        line.add(published);
        return line;
    }

    private static Map<String, Object> json(GridExperiment.Run run, Map<String, Double> tested) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("training", run.assignment().values());
        json.putAll(tested);
        json.put("bpd_unit", likelihood(run).bpdUnit());
        return json;
    }

    /** By metric and epoch. */
    private Map<String, Map<Integer, Double>> published(GridExperiment.Run run) {
        Map<String, Map<Integer, Double>> published = new LinkedHashMap<>();
        curves.of((VaeSpec) run.config()).forEach((metric, curve) -> {
            Map<Integer, Double> values = new LinkedHashMap<>();
            for (int i = 0; i < curve.epochs().length; i++) {
                values.put((int) curve.epochs()[i], curve.values()[i]);
            }
            published.put(metric, values);
        });
        return published;
    }

    private void lines(GridExperiment.Run run, Map<String, Map<Integer, Double>> published, List<List<Object>> rows)
            throws IOException {
        Map<String, double[]> metrics = run.metrics();
        double[] epochs = metrics.get("epoch");
        metrics.forEach((metric, values) -> {
            if (metric.startsWith("train_") || metric.startsWith("val_")) {
                for (int i = 0; i < epochs.length; i++) {
                    int epoch = (int) epochs[i];
                    rows.add(line(
                            run,
                            epoch,
                            metric,
                            values[i],
                            published.getOrDefault(metric, Map.of()).get(epoch)));
                }
            }
        });
    }

    private static void beside(GridExperiment.Run run, Map<String, Map<Integer, Double>> published, Table table)
            throws IOException {
        double[] values = run.metrics().get(VALIDATION);
        published.getOrDefault(VALIDATION, Map.of()).forEach((epoch, value) -> {
            if (epoch < values.length) {
                table.row(run.assignment().label(), epoch, values[epoch], value, 100 * (values[epoch] - value) / value);
            }
        });
    }

    /** How close the last epoch that both know is. */
    private static String sentence(GridExperiment.Run run, Map<String, Map<Integer, Double>> published)
            throws IOException {
        double bpd = run.results().at("/test/bpd").asDouble();
        String own = String.format(
                Locale.ROOT,
                "With %s: %.4f %s on the test images",
                run.assignment().label(),
                bpd,
                likelihood(run).bpdUnit());
        double[] values = run.metrics().get(VALIDATION);
        int common = published.getOrDefault(VALIDATION, Map.of()).keySet().stream()
                .filter(epoch -> epoch < values.length)
                .max(Integer::compare)
                .orElse(-1);
        if (common < 0) {
            return own + ".";
        }
        double theirs = published.get(VALIDATION).get(common);
        return own
                + String.format(
                        Locale.ROOT,
                        "; on validation images after epoch %d %.4f, published %.4f.",
                        common,
                        values[common],
                        theirs);
    }

    private void show(HtmlPage page, Table table, Table beside) {
        page.heading("Bits per dimension");
        page.table(table, "The weights of the best validation epoch on the test images.");
        page.table(
                beside,
                "Validation images beside the published curve, at the epochs of which it is known, counted from 0; none"
                        + " where nothing was published of such a training.");
        try {
            for (GridExperiment.Run run : runs) {
                page.heading(run.assignment().label());
                charts(page, run);
                pictures(page, run);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void charts(HtmlPage page, GridExperiment.Run run) throws IOException {
        page.chart(
                chart(run, "Bits per dimension", likelihood(run).bpdUnit(), "bpd"),
                "Training and validation images over training; dashed: published.");
        page.chart(
                chart(run, "Divergence from the prior", "nats an image", "kl_nats"),
                "The regularisation term over training; dashed: published.");
    }

    private LineChart chart(GridExperiment.Run run, String title, String unit, String metric) throws IOException {
        Map<String, double[]> metrics = run.metrics();
        LineChart chart = new LineChart(title, "epoch", unit);
        Map<String, ReferenceCurves.Curve> published = curves.of((VaeSpec) run.config());
        for (Map.Entry<String, String> part : Map.of("train_", "training", "val_", "validation").entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .toList()) {
            String column = part.getKey() + metric;
            chart.curve(part.getValue(), metrics.get("epoch"), metrics.get(column));
            if (published.containsKey(column)) {
                chart.published(
                        part.getValue(),
                        published.get(column).epochs(),
                        published.get(column).values());
            }
        }
        return chart;
    }

    private static void pictures(HtmlPage page, GridExperiment.Run run) throws IOException {
        for (var samples : TrainingPictures.shownSamples(run.folder()).entrySet()) {
            int epoch = samples.getKey();
            String when = epoch == 0 ? "before training" : "after " + epoch + " epochs";
            page.picture(
                    Files.readAllBytes(samples.getValue()),
                    "Samples " + when,
                    "Samples " + when + ": one z for each image.");
        }
        Path manifold = run.folder().resolve("manifold.png");
        if (Files.isRegularFile(manifold)) {
            page.picture(
                    Files.readAllBytes(manifold),
                    "The manifold of a 2-dimensional latent space",
                    "The manifold: expected images where z runs through the quantiles of the prior on both axes.");
        }
    }
}
