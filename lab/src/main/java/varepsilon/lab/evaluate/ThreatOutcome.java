package varepsilon.lab.evaluate;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.OptionalInt;
import varepsilon.base.Watch;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.AdversarialPatch;
import varepsilon.robust.evaluate.SpatialEvaluation;
import varepsilon.robust.evaluate.UniversalPerturbation;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;

/**
 * Accuracy under a threat model other than a ball around each image.
 *
 * @param name of the threat model, with its parameters
 * @param robustCorrect correctly classified without and with it
 * @param robustAccuracy their share
 * @param robustCi95 Wilson 95 % interval of it
 * @param learnedOn images that the perturbation was found on, none of which it is measured on; null where it is found
 *     for each image alone
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record ThreatOutcome(
        String name, int robustCorrect, double robustAccuracy, List<Double> robustCi95, Integer learnedOn) {
    private static final int EPOCHS = 10;

    private static ThreatOutcome of(String name, Accuracy robust, Integer learnedOn) {
        return new ThreatOutcome(
                name, robust.correct(), robust.rate(), robust.interval().bounds(), learnedOn);
    }

    /**
     * The worst of rotations up to 30° with translations up to 3 pixels.
     *
     * @param samples random maps an image; 0 for the grid of 775
     */
    public static ThreatOutcome spatial(
            int samples, ClassifierFile file, ImageSet images, int batchSize, long seed, Device device, Watch watch) {
        SpatialEvaluation evaluation = samples == 0
                ? SpatialEvaluation.grid(batchSize, device)
                : SpatialEvaluation.worstOf(samples, batchSize, seed, device);
        String name =
                samples == 0 ? "rotation and translation, the grid" : "rotation and translation, worst of " + samples;
        return of(name, evaluation.of(file.classifier(), images, watch).accuracy(), null);
    }

    /**
     * One perturbation in L∞ for all images.
     *
     * @param eps ε, in pixel units
     * @param others images to find it on
     */
    public static ThreatOutcome universal(
            double eps,
            ClassifierFile file,
            ImageSet others,
            ImageSet images,
            int batchSize,
            long seed,
            Device device,
            Watch watch) {
        UniversalPerturbation universal = new UniversalPerturbation(
                ThreatModel.of(Norm.LINF, eps), EPOCHS, StepSize.relative(0.1), batchSize, seed, device);
        Accuracy robust =
                universal.of(file.classifier(), others, images, watch).unseen().accuracy();
        return of("universal perturbation, linf " + AttackSpec.pixels(eps), robust, others.size());
    }

    /**
     * One square patch for all images, at random places.
     *
     * @param size of its side, in pixels
     * @param others images to find it on
     */
    public static ThreatOutcome patch(
            int size,
            ClassifierFile file,
            ImageSet others,
            ImageSet images,
            int batchSize,
            long seed,
            Device device,
            Watch watch) {
        AdversarialPatch patch = new AdversarialPatch(
                size,
                OptionalInt.empty(),
                EPOCHS,
                AdversarialPatch.ofSize(size, device).stepSize(),
                batchSize,
                seed,
                device);
        Accuracy robust =
                patch.of(file.classifier(), others, images, watch).unseen().accuracy();
        return of("patch of " + size + "×" + size + " pixels", robust, others.size());
    }
}
