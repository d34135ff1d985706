package varepsilon.lab.cli;

import java.util.List;
import java.util.Locale;
import varepsilon.lab.evaluate.CertificationPage;
import varepsilon.lab.evaluate.CertificationReport;
import varepsilon.lab.evaluate.PropertyResult;
import varepsilon.lab.evaluate.SmoothingResult;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.report.Table;
import varepsilon.stats.Percent;

/** Certified bounds as text. */
final class CertifyText {
    private CertifyText() {}

    static String of(CertificationReport report) {
        return of(report.curve().stream()
                .map(CertificationReport.AtEpsilon::summary)
                .toList());
    }

    static String of(List<CertificationReport.Summary> curve) {
        StringBuilder text = new StringBuilder();
        Table table = new Table(
                Table.text("eps"),
                Table.count("images", ""),
                Table.count("correct", ""),
                Table.count("certified", ""),
                Table.count("broken", ""),
                Table.count("open", ""),
                Table.percent("certified", 2),
                Table.percent("not broken", 2));
        for (CertificationReport.Summary at : curve) {
            table.row(
                    AttackSpec.pixels(at.eps()),
                    at.n(),
                    at.cleanCorrect(),
                    at.certified(),
                    at.broken(),
                    at.open(),
                    at.certifiedAccuracy(),
                    at.robustAccuracyUpper());
        }
        text.append(table.toText());
        for (CertificationReport.Summary at : curve) {
            text.append(String.format(
                    Locale.ROOT,
                    "%nRobust accuracy at ε = %s in %s lies between %s (95 %% interval from %s) and %s (to %s):%n%n",
                    AttackSpec.pixels(at.eps()),
                    at.norm(),
                    Percent.of(at.certifiedAccuracy(), 2),
                    Percent.of(at.certifiedCi95().get(0), 2),
                    Percent.of(at.robustAccuracyUpper(), 2),
                    Percent.of(at.robustUpperCi95().get(1), 2)));
            text.append(CertificationPage.stages(at).toText());
        }
        return text.toString();
    }

    static String of(SmoothingResult result) {
        Table table = new Table(
                Table.text("eps"),
                Table.count("certified", ""),
                Table.percent("accuracy", 2),
                Table.percent("from", 2),
                Table.percent("to", 2));
        result.curve()
                .forEach(at -> table.row(
                        AttackSpec.pixels(at.eps()),
                        at.certified(),
                        at.certifiedAccuracy(),
                        at.certifiedCi95().get(0),
                        at.certifiedCi95().get(1)));
        return String.format(
                Locale.ROOT,
                "Certified accuracy in l2 under noise of σ = %s, %,d images, %,d draws each; %,d abstained%n%n%s",
                result.sigma(),
                result.n(),
                result.draws(),
                result.abstained(),
                table.toText());
    }

    static String of(PropertyResult result) {
        return String.format(
                Locale.ROOT,
                "%s of %s: %s%s, in %.1f s",
                result.property(),
                result.weights(),
                result.verdict(),
                result.decidedBy().isEmpty() ? "" : " (" + result.decidedBy() + ")",
                result.seconds());
    }
}
