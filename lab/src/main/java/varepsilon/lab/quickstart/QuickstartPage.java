package varepsilon.lab.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.run.ShellWords;
import varepsilon.lab.run.TrainingPictures;
import varepsilon.lab.run.VaeResults;
import varepsilon.report.IntervalChart;
import varepsilon.report.LineChart;
import varepsilon.report.Metrics;
import varepsilon.report.Table;
import varepsilon.stats.Interval;

/** The results of a quickstart on one page. */
public final class QuickstartPage {
    private static final List<String> VAES = List.of("latent-20", "latent-2");
    private static final List<String> CLASSIFIERS = List.of("classifier-standard", "classifier-defended");

    private QuickstartPage() {}

    /**
     * Writes {@code report.html} into the quickstart's folder.
     *
     * @param command the command line
     * @param again the one that gives the same bits, however fast the machine is
     * @return the file
     */
    public static Path write(QuickstartResult result, List<String> command, List<String> again) throws IOException {
        Path folder = Path.of(result.folder());
        HtmlPage page = new HtmlPage("Varepsilon: quickstart")
                .subtitle("Two VAEs and two classifiers of digits, trained and attacked in "
                        + Math.round(result.seconds()) + " seconds.");
        vaes(page, result.vae(), folder);
        classifiers(page, result.classifiers(), folder);
        page.heading("Settings")
                .paragraph(String.format(
                        Locale.ROOT,
                        "Each VAE was trained for %d of at most %d epochs, each classifier for %d of at most %d. The"
                                + " epochs are chosen by how fast the machine is; the last command gives the same"
                                + " models again.",
                        result.vaeEpochs(),
                        Math.max(result.vaeEpochs(), QuickstartBudget.MOST_VAE_EPOCHS),
                        result.classifierEpochs(),
                        Math.max(result.classifierEpochs(), QuickstartBudget.MOST_CLASSIFIER_EPOCHS)))
                .code("command", "varepsilon " + ShellWords.quoted(command))
                .code("to repeat it", "varepsilon " + ShellWords.quoted(again));
        List<String> runs = new ArrayList<>(VAES);
        runs.addAll(CLASSIFIERS);
        for (String run : runs) {
            String config = Files.readString(folder.resolve(run).resolve("config.yaml"));
            String provenance = Files.readString(folder.resolve(run).resolve("provenance.json"));
            page.details(run, inside -> inside.code("config.yaml", config).code("provenance.json", provenance));
        }
        Path file = folder.resolve("report.html");
        page.write(file);
        return file;
    }

    private static void vaes(HtmlPage page, QuickstartResult.Vae vae, Path folder) throws IOException {
        page.heading("Variational autoencoders");
        Table table = new Table(
                Table.text("latent dimensions"),
                Table.number("test", "bits/dim", 4),
                Table.number("reconstruction", "nats", 1),
                Table.number("KL", "nats", 1));
        for (VaeResults model : List.of(vae.latent20(), vae.latent2())) {
            table.row(
                    String.valueOf(model.latentDim()),
                    model.test().bpd(),
                    model.test().reconstructionNats(),
                    model.test().klNats());
        }
        table.row("none: uniform distribution", vae.zeroKnowledgeBpd(), null, null);
        page.table(table, "Bits per dimension on test digits: the average code length per pixel. Fewer is better.");
        LineChart chart = new LineChart("Validation", "epoch", "bits per dimension");
        for (String run : VAES) {
            Map<String, double[]> metrics = Metrics.ofRun(folder.resolve(run));
            chart.curve(run.replace('-', ' '), metrics.get("epoch"), metrics.get("val_bpd"));
        }
        page.chart(chart, "Bits per dimension on held-out digits over training.");
        picture(
                page,
                TrainingPictures.samplesFile(
                        folder.resolve("latent-20"), vae.latent20().epochs()),
                "Samples of the model with 20 latent dimensions.");
        picture(
                page,
                folder.resolve("latent-20").resolve("reconstructions.png"),
                "Test digits, and their reconstructions from 20 latent dimensions.");
        picture(
                page,
                folder.resolve("latent-2").resolve("manifold.png"),
                "The latent plane of the model with two latent dimensions.");
    }

    private static void classifiers(HtmlPage page, QuickstartResult.Classifiers both, Path folder) throws IOException {
        page.heading("Classifiers under attack");
        page.paragraph(QuickstartReading.sentences(both));
        IntervalChart chart = new IntervalChart(
                        String.format(Locale.ROOT, "Accuracy where each pixel may change by %s", both.eps()),
                        "share of the test digits that is correctly classified")
                .percent()
                .range(0, 1);
        AttackOutcome clean = both.standard().attacks().get(0);
        AttackOutcome cleanDefended = both.defended().attacks().get(0);
        chart.row(
                "clean",
                mark("standard training", clean.cleanCorrect(), clean.n()),
                mark("adversarial training", cleanDefended.cleanCorrect(), cleanDefended.n()));
        for (int i = 0; i < both.standard().attacks().size(); i++) {
            AttackOutcome standard = both.standard().attacks().get(i);
            AttackOutcome defended = both.defended().attacks().get(i);
            chart.row(
                    standard.name(),
                    mark("standard training", standard.robustCorrect(), standard.n()),
                    mark("adversarial training", defended.robustCorrect(), defended.n()));
        }
        page.chart(chart, "From random noise to the strongest attack; whiskers are Wilson 95 % intervals.");
        picture(
                page,
                folder.resolve(QuickstartClassifiers.PICTURE),
                "The same digits for both classifiers, under PGD.");
    }

    private static IntervalChart.Mark mark(String series, int correct, int n) {
        return IntervalChart.Mark.of(series, Interval.ofShare(correct, n));
    }

    private static void picture(HtmlPage page, Path file, String caption) throws IOException {
        if (Files.isRegularFile(file)) {
            page.picture(Files.readAllBytes(file), caption, caption);
        }
    }
}
