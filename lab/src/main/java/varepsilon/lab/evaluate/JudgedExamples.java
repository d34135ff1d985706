package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.AdversarialImages;
import varepsilon.robust.evaluate.Judgement;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;

/**
 * What came of adversarial images that another tool has saved.
 *
 * @param file where they lie
 * @param format what was found there
 * @param norm {@code linf}, {@code l2} or {@code l1}
 * @param eps ε, in pixel units
 * @param n images
 * @param cleanCorrect correctly classified before
 * @param robustCorrect correctly classified before, and not broken by a perturbation of at most ε
 * @param cleanAccuracy their share
 * @param cleanCi95 Wilson 95 % interval of it
 * @param robustAccuracy the share of these
 * @param robustCi95 Wilson 95 % interval of it
 * @param tooLarge perturbations above ε; their images count as not broken
 * @param tooLargeAndWrong how many of them break an image that was correctly classified
 * @param maxPerturbation the largest, in the norm, in pixel units
 * @param medianPerturbation half of them are no larger
 * @param rounded the same with room for the rounding of each value to a level of a byte or to half precision; null where
 *     values are stored in single or double precision
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record JudgedExamples(
        String file,
        String format,
        String norm,
        double eps,
        int n,
        int cleanCorrect,
        int robustCorrect,
        double cleanAccuracy,
        List<Double> cleanCi95,
        double robustAccuracy,
        List<Double> robustCi95,
        int tooLarge,
        int tooLargeAndWrong,
        double maxPerturbation,
        double medianPerturbation,
        Rounded rounded) {
    /** Clean accuracy, as counts. */
    public Accuracy clean() {
        return new Accuracy(cleanCorrect, n);
    }

    /**
     * With room for rounding.
     *
     * @param allowed ε and that room
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Rounded(
            double allowed,
            int robustCorrect,
            double robustAccuracy,
            List<Double> robustCi95,
            int tooLarge,
            int tooLargeAndWrong) {
        static Rounded of(Judgement.Counted counted) {
            return new Rounded(
                    counted.allowed(),
                    counted.robust().correct(),
                    counted.robust().rate(),
                    counted.robust().interval().bounds(),
                    counted.tooLarge(),
                    counted.tooLargeAndWrong());
        }
    }

    /**
     * Judges.
     *
     * @param images with labels
     * @param batchSize images at once
     * @param device where the classifier lives
     * @param watch told how many images are done
     * @throws StoppedException where it asks for a stop
     * @throws InputException where classifier, images and file do not fit together
     */
    public static JudgedExamples of(
            Path file,
            ClassifierFile model,
            ImageSet images,
            ThreatModel threat,
            int batchSize,
            Device device,
            Watch watch)
            throws IOException {
        ClassifierReport.requireLabels(images);
        model.requireFits(images);
        try (var scope = Scope.withoutGradients()) {
            AdversarialImages adversarial = AdversarialImages.read(file, images);
            Judgement judged = Judgement.of(model.classifier(), images, adversarial, threat, batchSize, device, watch);
            return new JudgedExamples(
                    file.toString(),
                    adversarial.format(),
                    threat.norm().label(),
                    threat.epsilon(),
                    images.size(),
                    judged.clean().correct(),
                    judged.exact().robust().correct(),
                    judged.clean().rate(),
                    judged.clean().interval().bounds(),
                    judged.exact().robust().rate(),
                    judged.exact().robust().interval().bounds(),
                    judged.exact().tooLarge(),
                    judged.exact().tooLargeAndWrong(),
                    judged.maxPerturbation(),
                    judged.medianPerturbation(),
                    judged.rounded() == null ? null : Rounded.of(judged.rounded()));
        }
    }
}
