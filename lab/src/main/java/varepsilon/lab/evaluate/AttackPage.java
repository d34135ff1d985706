package varepsilon.lab.evaluate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import varepsilon.base.Family;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.report.IntervalChart;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.evaluate.Check;
import varepsilon.robust.evaluate.MinimumAttackReport;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Percent;

/** The results of attacks on one page, {@code report.html} in the folder of their files. */
public final class AttackPage {
    private static final String FILE = "report.html";
    private static final int POINTS_OF_A_CURVE = 200;

    private AttackPage() {}

    /**
     * Writes the page of attacks at one ε or several.
     *
     * @param settings of the report's attacks, in their order
     * @param folder of the pictures, which the page shows
     * @param command that made it
     * @return the file
     */
    public static Path write(AttackReport report, List<AttackSpec> settings, Path folder, String command)
            throws IOException {
        HtmlPage page = new HtmlPage("Robust accuracy: " + shortName(report.weights()))
                .subtitle(report.images() + ", " + report.goal() + ".");
        page.callout(
                HtmlPage.Tone.NOTE,
                "Robust accuracy " + percent(report.robust()),
                String.format(
                        Locale.ROOT,
                        "Of %,d images, %,d are correctly classified (%s), and %,d after %s.",
                        report.n(),
                        report.cleanCorrect(),
                        percent(report.clean()),
                        report.robustCorrect(),
                        settings.size() == 1
                                ? settings.get(0).label()
                                : "each of "
                                        + settings.stream()
                                                .map(AttackSpec::label)
                                                .collect(Collectors.joining(", "))));
        partial(page, report.complete());
        tripped(page, report.checks());
        page.heading("Attacks");
        IntervalChart chart = new IntervalChart("Accuracy", "share of the images that is correctly classified")
                .percent()
                .range(0, 1);
        chart.row("clean", mark("accuracy", report.clean()));
        for (int i = 0; i < settings.size(); i++) {
            chart.row(
                    settings.get(i).label(),
                    mark("accuracy", report.attacks().get(i).robust()));
        }
        page.chart(chart, "Whiskers are Wilson 95 % intervals.");
        page.table(
                AttackTables.attacks(report.attacks(), settings, report),
                "An image counts as robust where it is correctly classified before and after. Passes count images.");
        for (int i = 0; i < settings.size(); i++) {
            AttackOutcome attack = report.attacks().get(i);
            if (attack.stages() != null) {
                page.table(
                        AttackTables.stages(attack, settings.get(i)),
                        "Each stage runs on the images that the stages before it left.");
            }
            AttackTables.outlook(attack, settings.get(i)).forEach(page::paragraph);
        }
        if (report.certified() != null) {
            page.heading("From both sides");
            CertificationPage.callouts(page, report.certified());
            report.certified()
                    .forEach(at -> page.table(
                            CertificationPage.stages(at),
                            "Bounds of the images that no attack broke, ε = " + AttackSpec.pixels(at.eps()) + " in "
                                    + at.norm() + "."));
        }
        pictures(page, folder, settings);
        if (report.comparison() != null) {
            AttackReport.Comparison comparison = report.comparison();
            page.heading("Compared with " + shortName(comparison.clean().second()))
                    .table(AttackTables.attacks(comparison.attacks(), settings, null), "The same attacks on it.");
            tripped(page, comparison.checks());
            page.table(pairs(comparison), "Image by image; McNemar's exact test.");
        }
        if (report.transfer() != null) {
            page.heading("Transfer").table(AttackTables.transfer(report.transfer()), "Of images that both classify.");
        }
        checks(page, report.checks());
        return written(page, report.notes(), folder, command);
    }

    /**
     * Writes the page of the smallest perturbations.
     *
     * @param folder where it goes
     * @param command that made it
     * @return the file
     */
    public static Path write(SmallestPerturbations result, Path folder, String command) throws IOException {
        String norm = result.minimum().norm();
        HtmlPage page = new HtmlPage("Smallest perturbations: " + shortName(result.weights()))
                .subtitle(result.images() + ", " + norm + ".");
        String half = result.minimum().median() == null
                ? "For fewer than half of them a perturbation was found."
                : String.format(
                        Locale.ROOT,
                        "Half of them are misclassified within %.5f in %s.",
                        result.minimum().median(),
                        norm);
        page.callout(
                HtmlPage.Tone.NOTE,
                "Clean accuracy " + Percent.of(result.cleanAccuracy()),
                String.format(
                                Locale.ROOT,
                                "Of %,d images, %,d are correctly classified. ",
                                result.n(),
                                result.cleanCorrect())
                        + half);
        partial(page, result.complete());
        page.heading("Robust accuracy at every ε")
                .chart(curves(result), "The share of the images for which no perturbation of at most ε was found.")
                .table(AttackTables.accuracies(result), "At the ε that were named.")
                .table(AttackTables.quantiles(result), "Sizes in pixel units.");
        page.heading("Attacks")
                .table(
                        AttackTables.smallest(result),
                        "Optimality is 1 where the attack found the smallest perturbation of every image.");
        return written(page, result.notes(), folder, command);
    }

    /** Robust accuracy over all ε, of each attack and of the best for each image, up to where none is left. */
    static LineChart curves(SmallestPerturbations result) {
        double end = Arrays.stream(result.report().sizes())
                .filter(Double::isFinite)
                .max()
                .orElse(1);
        double[] epsilons = IntStream.rangeClosed(0, POINTS_OF_A_CURVE)
                .mapToDouble(i -> end * i / POINTS_OF_A_CURVE)
                .toArray();
        LineChart chart = new LineChart(
                "Robust accuracy by the smallest perturbations found, "
                        + result.minimum().norm(),
                "ε, in pixel units",
                "accuracy");
        for (MinimumAttackReport attack : result.report().attacks()) {
            chart.curve(
                    Family.of(Attack.class).text(attack.attack()),
                    epsilons,
                    DoubleStream.of(epsilons)
                            .map(eps -> attack.accuracyAt(eps).rate())
                            .toArray());
        }
        if (result.report().attacks().size() > 1) {
            chart.curve(
                    "the best for each image",
                    epsilons,
                    DoubleStream.of(epsilons)
                            .map(eps -> result.report().accuracyAt(eps).rate())
                            .toArray());
        }
        return chart;
    }

    private static void tripped(HtmlPage page, List<Check> checks) {
        checks.stream()
                .filter(Check::tripped)
                .forEach(check -> page.callout(
                        HtmlPage.Tone.CONTRADICTED,
                        "The check " + check.name() + " trips",
                        check.saw() + ".\n" + check.advice()));
    }

    private static void checks(HtmlPage page, List<Check> checks) {
        if (checks.isEmpty()) {
            return;
        }
        Table table = new Table(Table.text("check"), Table.text("result"), Table.text("saw"));
        checks.forEach(check -> table.row(check.name(), check.tripped() ? "trips" : "passes", check.saw()));
        page.heading("Checks").table(table, "Signs that an attack failed rather than the model resisted.");
    }

    private static void pictures(HtmlPage page, Path folder, List<AttackSpec> settings) throws IOException {
        List<Path> files = new ArrayList<>(List.of(folder.resolve(AttackFiles.CURVE)));
        settings.forEach(attack -> files.add(folder.resolve(attack.fileName() + ".png")));
        page.heading("Pictures");
        for (Path file : files) {
            if (Files.isRegularFile(file)) {
                String name = file.equals(files.get(0))
                        ? "Accuracy over ε"
                        : settings.get(files.indexOf(file) - 1).label();
                page.picture(Files.readAllBytes(file), name, name);
            }
        }
    }

    private static Table pairs(AttackReport.Comparison comparison) {
        Table table = new Table(
                Table.text("accuracy"),
                Table.percent("first", 2),
                Table.percent("second", 2),
                Table.percent("difference", 2),
                Table.percent("from", 2),
                Table.percent("to", 2),
                Table.number("p", "", 4));
        pair(table, "clean", comparison.clean());
        pair(table, "robust, the worst case", comparison.robust());
        return table;
    }

    private static void pair(Table table, String name, ModelComparison one) {
        table.row(
                name,
                one.firstAccuracy(),
                one.secondAccuracy(),
                one.difference(),
                one.differenceCi95().get(0),
                one.differenceCi95().get(1),
                one.pValue());
    }

    private static void partial(HtmlPage page, boolean complete) {
        if (!complete) {
            page.callout(
                    HtmlPage.Tone.MIXED, "Stopped before it was done", "The numbers are of what was done until then.");
        }
    }

    private static Path written(HtmlPage page, List<String> notes, Path folder, String command) throws IOException {
        page.heading("How this was made");
        notes.forEach(note -> page.paragraph("Note: " + note));
        page.code("command", command);
        Path file = folder.resolve(FILE);
        page.write(file);
        return file;
    }

    private static IntervalChart.Mark mark(String series, Accuracy accuracy) {
        return IntervalChart.Mark.of(series, accuracy.interval());
    }

    private static String percent(Accuracy accuracy) {
        return Percent.of(accuracy.rate(), 2) + " (95 % interval " + Percent.range(accuracy.interval(), 2) + ")";
    }

    /** A run's folder, or a weight file's own name. */
    static Path shortName(String weights) {
        Path path = Path.of(weights).toAbsolutePath();
        Path folder = path.getParent();
        return folder != null && folder.endsWith("checkpoints")
                ? folder.getParent().getFileName()
                : path.getFileName();
    }
}
