package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.List;
import varepsilon.base.Watch;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.robust.certify.RandomizedSmoothing;
import varepsilon.robust.certify.SmoothingReport;
import varepsilon.stats.Accuracy;

/**
 * What randomised smoothing certifies of a classifier under noise, in L2.
 *
 * @param weights where the classifier comes from
 * @param data which images
 * @param n images that are done
 * @param sigma standard deviation of the noise, in pixel units
 * @param draws noisy images that estimate the probability of an image's class
 * @param alpha probability of a wrong certificate, for each image
 * @param abstained images of which nothing is predicted
 * @param largestRadius that so many draws can certify
 * @param curve certified accuracy at each ε
 * @param forwardPasses noisy images classified
 * @param complete false where a stop was requested before all was done
 * @param notes caveats on these numbers, a sentence each
 * @param report what this was made of
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record SmoothingResult(
        String weights,
        String data,
        int n,
        double sigma,
        int draws,
        double alpha,
        int abstained,
        double largestRadius,
        List<AtEpsilon> curve,
        long forwardPasses,
        double seconds,
        boolean complete,
        List<String> notes,
        @JsonIgnore SmoothingReport report) {
    /** Copies the lists. */
    public SmoothingResult {
        curve = List.copyOf(curve);
        notes = List.copyOf(notes);
    }

    /**
     * At one ε.
     *
     * @param certified images whose true class the smoothed classifier predicts under every perturbation of at most that
     *     length
     * @param certifiedAccuracy their share
     * @param certifiedCi95 Wilson 95 % interval of it
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record AtEpsilon(double eps, int certified, double certifiedAccuracy, List<Double> certifiedCi95) {}

    /** Certifies images at each ε; null where a stop was requested before the first was done. */
    public static SmoothingResult of(
            ClassifierFile model, ImageSet images, RandomizedSmoothing smoothing, List<Double> epsilons, Watch watch) {
        model.requireFits(images);
        long start = System.nanoTime();
        SmoothingReport report = smoothing.of(model.classifier(), images, watch);
        if (report.labels().length == 0) {
            return null;
        }
        List<AtEpsilon> curve = new ArrayList<>();
        for (double epsilon : epsilons.stream().sorted().toList()) {
            Accuracy certified = report.accuracy(epsilon);
            curve.add(new AtEpsilon(
                    epsilon,
                    certified.correct(),
                    certified.rate(),
                    certified.interval().bounds()));
        }
        List<String> notes = new ArrayList<>(model.notesOn(images));
        notes.add("The certificates are of the classifier under noise, not of the classifier itself.");
        return new SmoothingResult(
                model.path().toString(),
                images.name(),
                report.labels().length,
                smoothing.sigma(),
                smoothing.draws(),
                smoothing.alpha(),
                report.abstained(),
                smoothing.largestRadius(),
                curve,
                report.forwardPasses(),
                (System.nanoTime() - start) / 1e9,
                report.complete(),
                notes,
                report);
    }
}
