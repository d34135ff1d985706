package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import varepsilon.base.Watch;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.evaluate.TwoSidedEvaluation;
import varepsilon.robust.evaluate.TwoSidedReport;
import varepsilon.robust.evaluate.TwoSidedReport.Status;
import varepsilon.stats.Accuracy;

/**
 * Robust accuracy from both sides, at one ε or several.
 *
 * @param weights where the classifier comes from
 * @param data which images
 * @param complete false where a stop was requested before all was done
 * @param summary of the largest ε
 * @param curve one entry for each ε, the smallest first
 * @param notes caveats on these numbers, a sentence each
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record CertificationReport(
        String weights,
        String data,
        boolean complete,
        @JsonUnwrapped Summary summary,
        List<AtEpsilon> curve,
        List<String> notes) {
    /** Copies the lists. */
    public CertificationReport {
        curve = List.copyOf(curve);
        notes = List.copyOf(notes);
    }

    /**
     * Counts at one ε.
     *
     * @param n images
     * @param cleanCorrect correctly classified without a perturbation
     * @param certified of them, proven to stay so
     * @param broken of them, misclassified under an attack
     * @param open the rest of them
     * @param certifiedAccuracy certified images among all
     * @param certifiedCi95 Wilson 95 % interval of it
     * @param robustAccuracyUpper correctly classified images that no attack has broken, among all
     * @param robustUpperCi95 Wilson 95 % interval of it
     * @param seconds of all stages
     * @param stages what was tried, in order
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Summary(
            String norm,
            double eps,
            int n,
            int cleanCorrect,
            int certified,
            int broken,
            int open,
            double cleanAccuracy,
            double certifiedAccuracy,
            List<Double> certifiedCi95,
            double robustAccuracyUpper,
            List<Double> robustUpperCi95,
            double seconds,
            List<Stage> stages) {

        static Summary of(TwoSidedReport report) {
            Accuracy certified = report.certified();
            Accuracy upper = report.notBroken();
            return new Summary(
                    report.threat().norm().label(),
                    report.threat().epsilon(),
                    report.images().size(),
                    report.clean().correct(),
                    certified.correct(),
                    report.count(Status.BROKEN),
                    report.count(Status.OPEN),
                    report.clean().rate(),
                    certified.rate(),
                    certified.interval().bounds(),
                    upper.rate(),
                    upper.interval().bounds(),
                    report.stages().stream()
                            .mapToDouble(TwoSidedReport.Stage::seconds)
                            .sum(),
                    report.stages().stream()
                            .map(stage -> new Stage(stage.name(), stage.tried(), stage.decided(), stage.seconds()))
                            .toList());
        }
    }

    /** At one ε, its counts and each image. */
    public record AtEpsilon(@JsonUnwrapped Summary summary, List<Image> images) {
        static AtEpsilon of(TwoSidedReport report) {
            return new AtEpsilon(
                    Summary.of(report),
                    report.images().stream()
                            .map(image -> new Image(
                                    image.index(),
                                    image.label(),
                                    image.status().name().toLowerCase(Locale.ROOT),
                                    image.decidedBy(),
                                    Double.isNaN(image.margin()) ? null : image.margin(),
                                    image.seconds()))
                            .toList());
        }
    }

    /** An attack or a bound: images that it was tried on, how many it decided, and its seconds. */
    public record Stage(String name, int tried, int decided, double seconds) {}

    /**
     * An image.
     *
     * @param index in its data set
     * @param status certified, broken, open or misclassified
     * @param decidedBy the stage that decided it, empty where it is open
     * @param margin the best lower bound of its smallest margin, in logits; null where none was computed
     * @param seconds that bounds took
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.ALWAYS)
    public record Image(int index, int label, String status, String decidedBy, Double margin, double seconds) {}

    /** Evaluates a classifier at each ε, the smallest first. */
    public static CertificationReport of(
            ClassifierFile model, ImageSet images, List<TwoSidedEvaluation> evaluations, Watch watch) {
        model.requireFits(images);
        List<AtEpsilon> curve = new ArrayList<>();
        boolean complete = true;
        List<String> notes = new ArrayList<>(model.notesOn(images));
        for (TwoSidedEvaluation evaluation : evaluations) {
            TwoSidedReport report = evaluation.of(model.classifier(), images, watch);
            complete &= report.complete();
            if (!report.images().isEmpty()) {
                curve.add(AtEpsilon.of(report));
            }
            if (!report.complete()) {
                notes.add(
                        0,
                        String.format(
                                Locale.ROOT,
                                "stopped at ε = %s, with %,d of %,d images done: the numbers are of these.",
                                AttackSpec.pixels(report.threat().epsilon()),
                                report.images().size(),
                                images.size()));
                break;
            }
        }
        return new CertificationReport(
                model.path().toString(),
                images.name(),
                complete,
                curve.isEmpty() ? null : curve.get(curve.size() - 1).summary(),
                curve,
                notes);
    }
}
