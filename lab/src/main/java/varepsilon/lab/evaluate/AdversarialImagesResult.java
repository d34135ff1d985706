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
import varepsilon.robust.evaluate.AdversarialImagesReport;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;

/**
 * Robust accuracy on adversarial images saved by another tool.
 *
 * @param file of the images
 * @param format of the file
 * @param norm {@code linf}, {@code l2} or {@code l1}
 * @param eps ε, in pixel units
 * @param n images
 * @param cleanCorrect correctly classified before
 * @param robustCorrect correctly classified before, and not misclassified under a perturbation of at most ε
 * @param cleanAccuracy their share
 * @param cleanCi95 Wilson 95 % interval of it
 * @param robustAccuracy the share of these
 * @param robustCi95 Wilson 95 % interval of it
 * @param tooLarge perturbations above ε; of their images the correctly classified ones count as robust
 * @param tooLargeAndWrong how many of them are misclassified although the unperturbed image is not
 * @param maxPerturbation the largest, in the norm, in pixel units
 * @param medianPerturbation half of them are no larger
 * @param rounded the same with room for the rounding of each value to a level of a byte or to half precision; null
 *     where values are stored in single or double precision
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record AdversarialImagesResult(
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
     * The same with a tolerance for rounding.
     *
     * @param allowed ε and that tolerance
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Rounded(
            double allowed,
            int robustCorrect,
            double robustAccuracy,
            List<Double> robustCi95,
            int tooLarge,
            int tooLargeAndWrong) {
        static Rounded of(AdversarialImagesReport.Counted counted) {
            return new Rounded(
                    counted.allowed(),
                    counted.robust().correct(),
                    counted.robust().rate(),
                    counted.robust().interval().bounds(),
                    counted.tooLarge(),
                    counted.tooLargeAndMisclassified());
        }
    }

    /**
     * Evaluates the images.
     *
     * @param images with labels
     * @param batchSize images at once
     * @param device of the classifier
     * @param watch receives the number of images done
     * @throws StoppedException where a stop is requested
     * @throws InputException where classifier, images and file do not fit together
     */
    public static AdversarialImagesResult of(
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
            AdversarialImagesReport report = AdversarialImagesReport.of(
                    model.classifier(), images, adversarial, threat, batchSize, device, watch);
            return new AdversarialImagesResult(
                    file.toString(),
                    adversarial.format(),
                    threat.norm().label(),
                    threat.epsilon(),
                    images.size(),
                    report.clean().correct(),
                    report.exact().robust().correct(),
                    report.clean().rate(),
                    report.clean().interval().bounds(),
                    report.exact().robust().rate(),
                    report.exact().robust().interval().bounds(),
                    report.exact().tooLarge(),
                    report.exact().tooLargeAndMisclassified(),
                    report.maxPerturbation(),
                    report.medianPerturbation(),
                    report.rounded() == null ? null : Rounded.of(report.rounded()));
        }
    }
}
