package varepsilon.lab.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import varepsilon.generative.Likelihood;
import varepsilon.generative.VaeEvaluation;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.run.ReferenceCurves;
import varepsilon.lab.run.TrainingPictures;
import varepsilon.lab.run.VaeResults;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.stats.Interval;
import varepsilon.stats.SampleMean;

/** Trained VAEs side by side, and beside what was published of the same training. */
final class VaeGridSummary extends GridSummary<VaeSpec, VaeResults> {
    private static final String VALIDATION = "val_bpd";
    private static final String BETA = "beta";

    private final ReferenceCurves curves;

    VaeGridSummary(List<String> keys, List<GridExperiment.Run<VaeSpec>> runs, ReferenceCurves curves)
            throws IOException {
        super(keys, runs, VaeResults.class);
        this.curves = curves;
    }

    @Override
    List<String> columns() {
        return List.of("epoch", "metric", "value", "published");
    }

    @Override
    Map<String, Function<VaeResults, Number>> figures() {
        Map<String, Function<VaeResults, Number>> figures = new LinkedHashMap<>();
        figures.put("test.bpd", results -> results.test().bpd());
        figures.put("test.nelbo_nats", results -> results.test().nelboNats());
        figures.put("test.reconstruction_nats", results -> results.test().reconstructionNats());
        figures.put("test.kl_nats", results -> results.test().klNats());
        figures.put("test.active_units", results -> results.test().activeUnits());
        figures.put("validation_bpd", VaeResults::validationBpd);
        figures.put("best_epoch", VaeResults::bestEpoch);
        figures.put("epochs", VaeResults::epochs);
        return figures;
    }

    @Override
    List<List<Object>> lines(Trained<VaeSpec, VaeResults> one, Map<String, Double> figures) {
        List<List<Object>> lines = new ArrayList<>();
        figures.forEach((name, value) -> lines.add(Arrays.asList(null, name, value, null)));
        if (likelihood(one).isDensity()) {
            lines.add(Arrays.asList(null, "bpd_is_density", 1.0, null));
        }
        Map<String, Map<Integer, Double>> published = published(one);
        double[] epochs = one.metrics().get("epoch");
        one.metrics().forEach((metric, values) -> {
            if (metric.startsWith("train_") || metric.startsWith("val_")) {
                for (int i = 0; i < epochs.length; i++) {
                    int epoch = (int) epochs[i];
                    lines.add(Arrays.asList(
                            epoch,
                            metric,
                            values[i],
                            published.getOrDefault(metric, Map.of()).get(epoch)));
                }
            }
        });
        return lines;
    }

    @Override
    Map<String, Object> facts(Trained<VaeSpec, VaeResults> one) {
        return Map.of("bpd_unit", likelihood(one).bpdUnit());
    }

    @Override
    Table table() {
        Table table = new Table(
                Table.text("training"),
                Table.count("epochs", ""),
                Table.number("test", "bits/dim", 4),
                Table.number("reconstruction", "nats", 2),
                Table.number("KL", "nats", 2),
                Table.text("active units"));
        for (var one : trained()) {
            VaeEvaluation test = one.results().test();
            table.row(
                    label(one),
                    one.results().epochs(),
                    test.bpd(),
                    test.reconstructionNats(),
                    test.klNats(),
                    test.activeUnits() + " of " + one.config().latentDim());
        }
        return table;
    }

    /** The trainings that differ in their seeds alone, as one; of each at least two. */
    private Table overSeeds() {
        Table table = new Table(
                Table.text("training"),
                Table.count("seeds", ""),
                Table.number("test", "bits/dim", 4),
                Table.text("95 % interval"),
                Table.number("−ELBO", "nats", 2),
                Table.text("95 % interval"));
        trained().stream()
                .collect(Collectors.groupingBy(
                        one -> one.assignment().withoutSeed().label(), LinkedHashMap::new, Collectors.toList()))
                .forEach((label, same) -> {
                    if (same.size() > 1) {
                        Interval bits = interval(same, VaeEvaluation::bpd);
                        Interval nats = interval(same, VaeEvaluation::nelboNats);
                        table.row(label, same.size(), bits.value(), text(bits, 4), nats.value(), text(nats, 2));
                    }
                });
        return table;
    }

    private static Interval interval(List<Trained<VaeSpec, VaeResults>> same, ToDoubleFunction<VaeEvaluation> figure) {
        return SampleMean.of(same.stream()
                        .mapToDouble(one -> figure.applyAsDouble(one.results().test()))
                        .toArray())
                .interval();
    }

    private static String text(Interval interval, int digits) {
        String number = "%." + digits + "f";
        return String.format(Locale.ROOT, number + " to " + number, interval.low(), interval.high());
    }

    /** Validation beside what was published of it. */
    private Table beside() {
        Table table = new Table(
                Table.text("training"),
                Table.count("epoch", ""),
                Table.number("validation", "bits/dim", 4),
                Table.number("published", "bits/dim", 4),
                Table.number("difference", "%", 1));
        for (var one : trained()) {
            double[] values = one.metrics().get(VALIDATION);
            published(one).getOrDefault(VALIDATION, Map.of()).forEach((epoch, value) -> {
                if (epoch < values.length) {
                    table.row(one.label(), epoch, values[epoch], value, 100 * (values[epoch] - value) / value);
                }
            });
        }
        return table;
    }

    @Override
    String reading() {
        return trained().stream().map(this::sentence).collect(Collectors.joining(" "));
    }

    private static Likelihood likelihood(Trained<VaeSpec, VaeResults> one) {
        return one.config().likelihood();
    }

    /** Marks bits per dimension of a density as such. */
    private static String label(Trained<VaeSpec, VaeResults> one) {
        return one.label() + (likelihood(one).isDensity() ? " (density)" : "");
    }

    /** By metric and epoch. */
    private Map<String, Map<Integer, Double>> published(Trained<VaeSpec, VaeResults> one) {
        Map<String, Map<Integer, Double>> published = new LinkedHashMap<>();
        curves.of(one.config()).forEach((metric, curve) -> {
            Map<Integer, Double> values = new LinkedHashMap<>();
            for (int i = 0; i < curve.epochs().length; i++) {
                values.put((int) curve.epochs()[i], curve.values()[i]);
            }
            published.put(metric, values);
        });
        return published;
    }

    /** The difference at the last epoch of both curves. */
    private String sentence(Trained<VaeSpec, VaeResults> one) {
        Map<String, Map<Integer, Double>> published = published(one);
        double bpd = one.results().test().bpd();
        String own = String.format(
                Locale.ROOT,
                "With %s: %.4f %s on the test images",
                one.label(),
                bpd,
                likelihood(one).bpdUnit());
        double[] values = one.metrics().get(VALIDATION);
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

    @Override
    void show(HtmlPage page, Table table) throws IOException {
        page.heading("Bits per dimension");
        page.table(table, "The weights of the best validation epoch on the test images.");
        Table overSeeds = overSeeds();
        if (!overSeeds.rows().isEmpty()) {
            page.table(overSeeds, "Means over the seeds, with Student's interval.");
        }
        page.table(
                beside(),
                "Validation images beside the published curve, at the epochs of which it is known, counted from 0; none"
                        + " where nothing was published of such a training.");
        if (keys().contains(BETA)) {
            page.heading("Rate and distortion");
            page.chart(
                    rateAndDistortion(),
                    "Each point is a training of its own: the divergence from the prior (rate) and the negative"
                            + " log-likelihood of the reconstruction (distortion) of the test images. Their sum is −ELBO.");
        }
        for (var one : trained()) {
            page.heading(one.label());
            charts(page, one);
            pictures(page, one);
        }
    }

    /** By rate. */
    private LineChart rateAndDistortion() {
        List<VaeEvaluation> tests = trained().stream()
                .map(one -> one.results().test())
                .sorted(Comparator.comparing(VaeEvaluation::klNats))
                .toList();
        return new LineChart("Rate and distortion", "rate: KL divergence in nats", "distortion in nats")
                .curve(
                        "test images",
                        tests.stream().mapToDouble(VaeEvaluation::klNats).toArray(),
                        tests.stream()
                                .mapToDouble(VaeEvaluation::reconstructionNats)
                                .toArray());
    }

    private void charts(HtmlPage page, Trained<VaeSpec, VaeResults> one) {
        page.chart(
                chart(one, "Bits per dimension", likelihood(one).bpdUnit(), "bpd"),
                "Training and validation images over training; dashed: published.");
        page.chart(
                chart(one, "Divergence from the prior", "nats an image", "kl_nats"),
                "The regularisation term over training; dashed: published.");
    }

    private LineChart chart(Trained<VaeSpec, VaeResults> one, String title, String unit, String metric) {
        Map<String, double[]> metrics = one.metrics();
        LineChart chart = new LineChart(title, "epoch", unit);
        Map<String, ReferenceCurves.Curve> published = curves.of(one.config());
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

    private static void pictures(HtmlPage page, Trained<VaeSpec, VaeResults> one) throws IOException {
        for (var samples : TrainingPictures.shownSamples(one.folder()).entrySet()) {
            int epoch = samples.getKey();
            String when = epoch == 0 ? "before training" : "after " + epoch + " epochs";
            page.picture(
                    Files.readAllBytes(samples.getValue()),
                    "Samples " + when,
                    "Samples " + when + ": one z for each image.");
        }
        Path manifold = one.folder().resolve("manifold.png");
        if (Files.isRegularFile(manifold)) {
            page.picture(
                    Files.readAllBytes(manifold),
                    "The manifold of a 2-dimensional latent space",
                    "The manifold: expected images where z runs through the quantiles of the prior on both axes.");
        }
    }
}
