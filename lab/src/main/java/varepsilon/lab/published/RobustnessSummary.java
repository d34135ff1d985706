package varepsilon.lab.published;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import varepsilon.lab.experiment.Experiment;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.report.IntervalChart;
import varepsilon.report.Table;
import varepsilon.stats.Accuracy;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.Percent;

/** The published robustness table beside the measured one. */
final class RobustnessSummary {
    private static final List<String> COLUMNS = List.of(
            "question",
            "set",
            "pretrained",
            "attack",
            "defense",
            "augmentation",
            "measure",
            "correct",
            "n",
            "accuracy",
            "low",
            "high");
    private static final double PERCENT = 100;

    private final RobustnessExperiment experiment;
    private final List<RobustnessRow> rows;
    private final List<RobustnessExperiment.CountedByBatches> counts;
    private final List<HtmlPage.Item> gallery;

    RobustnessSummary(
            RobustnessExperiment experiment,
            List<RobustnessRow> rows,
            List<RobustnessExperiment.CountedByBatches> counts,
            List<HtmlPage.Item> gallery) {
        this.experiment = experiment;
        this.rows = rows;
        this.counts = counts;
        this.gallery = gallery;
    }

    Experiment.Summary summary() throws IOException {
        List<Compared> compared = comparisons();
        String reading = reading();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("reading", reading);
        json.put("rows", rows.stream().map(this::json).toList());
        json.put("comparisons", compared.stream().map(Compared::json).toList());
        Table table = table();
        return new Experiment.Summary(COLUMNS, tidy(), json, table, reading, page -> show(page, table, compared));
    }

    private List<List<Object>> tidy() {
        List<List<Object>> tidy = new ArrayList<>();
        for (RobustnessRow row : rows) {
            PublishedRow published = row.published();
            tidy.add(line(published, "published", null, PublishedRow.IMAGES, published.accuracy(), null, null));
            tidy.add(line(published, "as-run", row.asRun()));
            if (row.clampAlone() != null) {
                tidy.add(line(published, "clamp-alone", row.clampAlone()));
            }
            row.corrected()
                    .forEach((defect, pairs) -> tidy.add(line(published, "as-run-without " + defect, pairs.first())));
            tidy.add(line(published, "as-meant", row.asMeant()));
        }
        return tidy;
    }

    private static List<Object> line(PublishedRow row, String measure, Accuracy of) {
        return line(
                row,
                measure,
                of.correct(),
                of.n(),
                of.rate(),
                of.interval().low(),
                of.interval().high());
    }

    private static List<Object> line(PublishedRow row, String measure, Object... figures) {
        List<Object> line = new ArrayList<>(List.of(
                row.question(), row.set(), row.pretrained(), row.attack(), row.defense(), row.augmentation(), measure));
        line.addAll(Arrays.asList(figures));
        return line;
    }

    private Map<String, Object> json(RobustnessRow row) {
        PublishedRow published = row.published();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("question", published.question());
        json.put("set", published.set());
        json.put("pretrained", published.pretrained());
        json.put("attack", published.attack());
        json.put("defense", published.defense());
        json.put("augmentation", published.augmentation());
        json.put("published", published.accuracy());
        json.put("as_run", json(row.asRun()));
        if (row.clampAlone() != null) {
            json.put("clamp_alone", json(row.clampAlone()));
        }
        json.put("as_meant", json(row.asMeant()));
        Map<String, Object> corrected = new LinkedHashMap<>();
        row.corrected().forEach((defect, pairs) -> corrected.put(defect, json(pairs)));
        json.put("put_right_alone", corrected);
        if (experiment.isComparable()) {
            json.put("agrees", row.agrees());
            json.put("as_meant_agrees", row.meantAgrees());
        }
        json.put("explained_by", row.explanation().orElse(null));
        json.put("verdict", row.verdict(experiment.isComparable()));
        return json;
    }

    private static Map<String, Object> json(Accuracy of) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("correct", of.correct());
        json.put("n", of.n());
        json.put("accuracy", of.rate());
        json.put("ci95", of.interval().bounds());
        return json;
    }

    private static Map<String, Object> json(PairedComparison pairs) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("difference", pairs.difference());
        json.put("ci95", pairs.interval().bounds());
        json.put("p", pairs.pValue());
        return json;
    }

    /** Two models, both as meant, on the same images. */
    private record Compared(String question, String first, String second, String under, PairedComparison pairs) {
        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("question", question);
            json.put("first", first);
            json.put("second", second);
            json.put("under", under);
            json.putAll(RobustnessSummary.json(pairs));
            return json;
        }
    }

    /** The defence against none, and augmentation against none, image by image. */
    private List<Compared> comparisons() throws IOException {
        RobustnessExperiment.Images images = experiment.images();
        List<Compared> compared = new ArrayList<>();
        for (PublishedRow.Model model : experiment.models()) {
            if (model.defended()) {
                compare("the defence", model, undefended(model), images, compared);
            }
        }
        for (PublishedRow.Model model : experiment.models()) {
            if (model.augmentation()) {
                compare("augmentation", model, unaugmented(model), images, compared);
            }
        }
        return compared;
    }

    private static PublishedRow.Model undefended(PublishedRow.Model of) {
        return new PublishedRow.Model(of.set(), of.pretrained(), false, of.augmentation());
    }

    private static PublishedRow.Model unaugmented(PublishedRow.Model of) {
        return new PublishedRow.Model(of.set(), of.pretrained(), of.defended(), false);
    }

    private void compare(
            String question,
            PublishedRow.Model with,
            PublishedRow.Model without,
            RobustnessExperiment.Images images,
            List<Compared> into)
            throws IOException {
        MeasurementCell first = experiment.measured(with, images).asMeant();
        MeasurementCell second = experiment.measured(without, images).asMeant();
        for (String under : List.of(RobustnessExperiment.CLEAN, RobustnessExperiment.AS_MEANT)) {
            into.add(new Compared(
                    question,
                    with.label(),
                    without.label(),
                    under.equals(RobustnessExperiment.CLEAN)
                            ? "clean"
                            : experiment.settings().attackName(),
                    PairedComparison.of(first.correct(under), second.correct(under))));
        }
    }

    private Table table() {
        Table table = new Table(
                Table.text("row"),
                Table.percent("published", 1),
                Table.text("as run (%, 95 %)"),
                Table.text("verdict on as run"),
                Table.percent("clamp alone", 1),
                Table.text("as meant (%, 95 %)"));
        for (RobustnessRow row : rows) {
            table.row(
                    row.published().label(),
                    row.published().accuracy(),
                    withInterval(row.asRun()),
                    row.verdict(experiment.isComparable()),
                    row.clampAlone() == null ? null : row.clampAlone().rate(),
                    withInterval(row.asMeant()));
        }
        return table;
    }

    private static String withInterval(Accuracy of) {
        return Percent.number(of.rate(), 1) + " (" + Percent.dashed(of.interval()) + ")";
    }

    /** The conclusions. */
    private String reading() {
        if (!experiment.isComparable()) {
            return first(row -> row.attacked() && row.pretrained() && !row.defended())
                    .map(row -> "These are other images than CIFAR-10's, so the published figures are shown but not"
                            + " compared. "
                            + ofClamp(row))
                    .orElseThrow();
        }
        long agreeing = rows.stream().filter(RobustnessRow::agrees).count();
        long meant = rows.stream().filter(RobustnessRow::meantAgrees).count();
        String counts = String.format(
                Locale.ROOT,
                "Of %d published figures, %d agree with the experiment as it was run here, and %d with it as it was"
                        + " meant.",
                rows.size(),
                agreeing,
                meant);
        return first(row -> row.attacked() && row.pretrained() && !row.defended())
                .map(row -> counts + " " + ofClamp(row))
                .orElse(counts);
    }

    private String ofClamp(RobustnessRow row) {
        RobustnessRow clean = first(
                        other -> other.model().equals(row.published().model()) && !other.attacked())
                .orElseThrow();
        double lost = clean.asRun().rate() - row.asRun().rate();
        double byClamp = clean.asRun().rate() - row.clampAlone().rate();
        return String.format(
                Locale.ROOT,
                "On the pre-trained model without defence, as run, accuracy is %s without and %s under %s (published:"
                        + " %s); after the clamp alone, with no attack at all, it is %s: %s of the loss. As meant, at ε"
                        + " = %s in pixels, it is %s under attack.",
                Percent.of(clean.asRun().rate()),
                Percent.of(row.asRun().rate()),
                experiment.settings().attackName().toUpperCase(Locale.ROOT),
                Percent.of(row.published().accuracy()),
                Percent.of(row.clampAlone().rate()),
                lost > 0 ? Percent.of(byClamp / lost, 0) : "more than all",
                AttackSpec.pixels(experiment.settings().asMeant().eps()),
                Percent.of(row.asMeant().rate()));
    }

    private Optional<RobustnessRow> first(Predicate<PublishedRow> wanted) {
        return rows.stream().filter(row -> wanted.test(row.published())).findFirst();
    }

    private void show(HtmlPage page, Table table, List<Compared> compared) {
        page.heading("Every row of the table");
        IntervalChart chart = new IntervalChart("Accuracy: published, as run, as meant", "accuracy on the test images")
                .percent()
                .range(0, 1);
        for (RobustnessRow row : rows) {
            List<IntervalChart.Mark> marks = new ArrayList<>();
            marks.add(IntervalChart.Mark.of("published", row.published().accuracy()));
            marks.add(mark("as run", row.asRun()));
            if (row.clampAlone() != null) {
                marks.add(mark("clamp alone", row.clampAlone()));
            }
            marks.add(mark("as meant", row.asMeant()));
            chart.row(row.published().label(), marks.toArray(IntervalChart.Mark[]::new));
        }
        page.chart(
                chart,
                "Each row of the published table: what was published, the experiment with all its defects, its images"
                        + " after the clamp alone without any attack, and the experiment as it was meant. Whiskers are"
                        + " Wilson 95 % intervals.");
        page.table(
                table,
                "As run: with every defect, each model on a random quarter of the test images of its own. As meant: all"
                        + " models on the same test images. A figure agrees where the 95 % interval of its difference"
                        + " to the published one holds zero; the interval does not include the variation between"
                        + " trainings. The defect named is the one whose correction alone changes the figure most.");
        page.heading("Effect of each defect");
        page.paragraph("The as-run figure with one defect corrected and all others kept, on the same images, with the"
                + " 95 % interval of the change and the exact McNemar test.");
        page.details("all rows", inside -> inside.table(defects(), "One defect corrected at a time."));
        page.chart(defectChart(), "The pre-trained models: accuracy as run, and when one defect alone is corrected.");
        if (!gallery.isEmpty()) {
            page.heading("Images under attack");
            page.paragraph(
                    "Test images that the pre-trained model, not trained further, classifies correctly: clean, after"
                            + " the clamp alone, attacked as run and attacked as meant.");
            page.gallery(gallery);
        }
        page.heading("Effect of counting by batches");
        page.table(
                counts(),
                "Accuracy in the last epoch of training, as run: of the images, and divided by batches × batch size as"
                        + " the published run did, where the last batch is not full.");
        page.heading("As meant: effect of defence and augmentation");
        page.table(
                compared(compared),
                "Two models on the same images, both trained and attacked as meant: difference in accuracy with its 95"
                        + " % interval (Newcombe) and the exact McNemar test. One training each: the difference between"
                        + " two trainings that differ in their seed alone is not in these intervals.");
    }

    private static IntervalChart.Mark mark(String series, Accuracy of) {
        return IntervalChart.Mark.of(series, of.interval());
    }

    private IntervalChart defectChart() {
        IntervalChart chart = new IntervalChart("One defect corrected", "accuracy on the test images")
                .percent()
                .range(0, 1);
        rows.stream()
                .filter(row -> row.published().attacked() && row.published().pretrained())
                .forEach(row -> {
                    List<IntervalChart.Mark> marks = new ArrayList<>(List.of(mark("as run", row.asRun())));
                    row.corrected().forEach((defect, pairs) -> marks.add(mark("without " + defect, pairs.first())));
                    chart.row(row.published().label(), marks.toArray(IntervalChart.Mark[]::new));
                });
        return chart;
    }

    private Table defects() {
        Table table = new Table(
                Table.text("row"),
                Table.percent("as run", 1),
                Table.text("corrected alone"),
                Table.percent("then", 1),
                Table.number("change", "points", 1),
                Table.text("95 %"),
                Table.text("p"));
        for (RobustnessRow row : rows) {
            row.corrected()
                    .forEach((defect, pairs) -> table.row(
                            row.published().label(),
                            row.asRun().rate(),
                            defect,
                            pairs.first().rate(),
                            PERCENT * pairs.difference(),
                            interval(pairs),
                            probability(pairs)));
        }
        return table;
    }

    private Table counts() {
        Table table = new Table(
                Table.text("model"),
                Table.count("images", ""),
                Table.text("batches × size"),
                Table.percent("accuracy", 2),
                Table.percent("as counted", 2));
        counts.forEach(one -> table.row(
                one.model(), one.images(), one.batches() + " × " + one.batchSize(), one.accuracy(), one.asCounted()));
        return table;
    }

    private static Table compared(List<Compared> compared) {
        Table table = new Table(
                Table.text("question"),
                Table.text("model"),
                Table.text("images"),
                Table.percent("with", 1),
                Table.percent("without", 1),
                Table.number("difference", "points", 1),
                Table.text("95 %"),
                Table.text("p"));
        for (Compared one : compared) {
            table.row(
                    one.question(),
                    one.first(),
                    one.under(),
                    one.pairs().first().rate(),
                    one.pairs().second().rate(),
                    PERCENT * one.pairs().difference(),
                    interval(one.pairs()),
                    probability(one.pairs()));
        }
        return table;
    }

    private static String interval(PairedComparison pairs) {
        return Percent.signedRange(pairs.interval(), 1);
    }

    private static String probability(PairedComparison pairs) {
        return pairs.pValue() < 0.001 ? "< 0.001" : String.format(Locale.ROOT, "%.3f", pairs.pValue());
    }
}
