package varepsilon.lab.evaluate;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import varepsilon.lab.evaluate.CertificationReport.AtEpsilon;
import varepsilon.lab.evaluate.CertificationReport.Summary;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Interval;
import varepsilon.stats.Percent;

/** Robust accuracy from both sides on one page, {@code report.html}. */
public final class CertificationPage {
    private static final String FILE = "report.html";
    private static final int SIDE = 10;
    private static final int IN_A_ROW = 50;
    private static final int BETWEEN = 0xffffff;
    /** By status: green, yellow, red, grey. */
    private static final Map<String, Integer> COLOURS =
            Map.of("certified", 0x2e7d32, "open", 0xf2c94c, "broken", 0xc0392b, "misclassified", 0x9e9e9e);

    private CertificationPage() {}

    /**
     * Writes the page.
     *
     * @param folder where it goes
     * @param command that made it
     * @return the file
     */
    public static Path write(CertificationReport report, Path folder, String command) throws IOException {
        List<Summary> curve = report.curve().stream().map(AtEpsilon::summary).toList();
        HtmlPage page = new HtmlPage("Robust accuracy from both sides")
                .subtitle(String.format(
                        Locale.ROOT,
                        "%s on %,d images of %s, %s.",
                        report.weights(),
                        report.summary().n(),
                        report.data(),
                        report.summary().norm()));
        callouts(page, curve);
        if (!report.complete()) {
            page.callout(
                    HtmlPage.Tone.MIXED, "Stopped before it was done", "The numbers are of what was done until then.");
        }
        page.heading("Accuracy over ε")
                .chart(
                        chart(curve),
                        "Robust accuracy lies between the curves. Bands are Wilson 95 % intervals of each.");
        page.heading("Image by image");
        for (AtEpsilon at : report.curve()) {
            page.picture(
                    strip(at.images()),
                    "A square for each image, by its status",
                    "ε = " + AttackSpec.pixels(at.summary().eps())
                            + ", the images in their order: certified green, open yellow,"
                            + " broken red, misclassified without a perturbation grey.");
        }
        page.heading("What decided them, and its cost");
        for (Summary at : curve) {
            page.table(stages(at), "ε = " + AttackSpec.pixels(at.eps()) + ".");
        }
        page.heading("How this was made");
        report.notes().forEach(note -> page.paragraph("Note: " + note));
        page.code("command", command);
        Path file = folder.resolve(FILE);
        page.write(file);
        return file;
    }

    /** What is known at each ε. */
    static void callouts(HtmlPage page, List<Summary> curve) {
        for (Summary at : curve) {
            page.callout(
                    HtmlPage.Tone.NOTE,
                    "ε = " + AttackSpec.pixels(at.eps()) + ": between " + Percent.of(at.certifiedAccuracy(), 2)
                            + " and " + Percent.of(at.robustAccuracyUpper(), 2),
                    String.format(
                            Locale.ROOT,
                            "Of %,d images, %,d are correctly classified: %,d of them are certified, %,d are broken, %,d"
                                    + " are open.",
                            at.n(),
                            at.cleanCorrect(),
                            at.certified(),
                            at.broken(),
                            at.open()));
        }
    }

    /** Stages with the images that each was tried on. */
    public static Table stages(Summary at) {
        Table table = new Table(
                Table.text("stage"),
                Table.count("tried", ""),
                Table.count("decided", ""),
                Table.number("seconds", "s", 1),
                Table.number("an image", "s", 3));
        at.stages()
                .forEach(stage -> table.row(
                        stage.name(),
                        stage.tried(),
                        stage.decided(),
                        stage.seconds(),
                        stage.seconds() / stage.tried()));
        return table;
    }

    /** Both sides meet at ε = 0, in clean accuracy. */
    private static LineChart chart(List<Summary> curve) {
        Summary first = curve.get(0);
        boolean begins = first.eps() > 0;
        double[] x = DoubleStream.concat(
                        begins ? DoubleStream.of(0) : DoubleStream.empty(),
                        curve.stream().mapToDouble(Summary::eps))
                .map(epsilon -> epsilon * 255)
                .toArray();
        Interval clean = new Accuracy(first.cleanCorrect(), first.n()).interval();
        LineChart chart = new LineChart("Robust accuracy from both sides", "ε · 255", "accuracy");
        chart.curve("not broken", x, intervals(begins, clean, curve, at -> at.certified() + at.open()));
        chart.curve("certified", x, intervals(begins, clean, curve, Summary::certified));
        return chart;
    }

    private static List<Interval> intervals(
            boolean begins, Interval clean, List<Summary> curve, ToIntFunction<Summary> correct) {
        return Stream.concat(
                        begins ? Stream.of(clean) : Stream.<Interval>empty(),
                        curve.stream().map(at -> new Accuracy(correct.applyAsInt(at), at.n()).interval()))
                .toList();
    }

    private static byte[] strip(List<CertificationReport.Image> images) throws IOException {
        int rows = (images.size() + IN_A_ROW - 1) / IN_A_ROW;
        BufferedImage picture =
                new BufferedImage(IN_A_ROW * SIDE, Math.max(1, rows) * SIDE, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                int number = y / SIDE * IN_A_ROW + x / SIDE;
                boolean edge = x % SIDE == SIDE - 1 || y % SIDE == SIDE - 1;
                boolean drawn = !edge && number < images.size();
                picture.setRGB(x, y, drawn ? COLOURS.get(images.get(number).status()) : BETWEEN);
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(picture, "png", bytes);
        return bytes.toByteArray();
    }
}
