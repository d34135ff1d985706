package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.AttackRun;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Robust accuracy of a classifier on adversarial images made by another program. Only perturbations inside the threat
 * model count as adversarial.
 *
 * @param clean accuracy on the images
 * @param exact perturbations taken as they are stored
 * @param rounded the same where each value may be off by what storing has rounded; null where nothing is lost in that
 * @param maxPerturbation the largest size, in the norm and pixel units
 * @param medianPerturbation half of them are no larger
 */
public record AdversarialImagesReport(
        Accuracy clean, Counted exact, Counted rounded, double maxPerturbation, double medianPerturbation) {
    /**
     * Bounds the rounding of a difference of two values in [0, 1] in single precision: that of each is less than half.
     */
    private static final double SINGLE_PRECISION = 0x1p-23;

    /**
     * Robust accuracy under perturbations up to a size.
     *
     * @param allowed that size, without the tolerance for single precision
     * @param robust correctly classified before, and correctly classified after or perturbed too much, of all
     * @param tooLarge perturbations that are larger
     * @param tooLargeAndMisclassified how many of them are misclassified although the unperturbed image is not
     */
    public record Counted(double allowed, Accuracy robust, int tooLarge, int tooLargeAndMisclassified) {}

    /**
     * Predicts the images and checks the size of each perturbation.
     *
     * @param images with labels, as many as {@code adversarial}
     * @param batchSize images at once, at least 1
     * @param device of the classifier
     * @param watch receives the number of images done
     * @throws StoppedException where a stop is requested
     */
    public static AdversarialImagesReport of(
            Classifier classifier,
            ImageSet images,
            AdversarialImages adversarial,
            ThreatModel threat,
            int batchSize,
            Device device,
            Watch watch) {
        Watch watched = watch.throwing();
        int n = images.size();
        List<Predictions> before = new ArrayList<>();
        List<Predictions> after = new ArrayList<>();
        double[] sizes = new double[n];
        int done = 0;
        watched.progress("adversarial images", done, n);
        var batches = Batches.of(images, batchSize).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.withoutGradients()) {
                Batch batch = batches.next();
                Tensor clean = batch.pixels(Device.CPU);
                Tensor perturbed = adversarial.pixels(done, done + batch.size());
                before.add(Predictions.of(classifier, clean.to(device)));
                after.add(Predictions.of(classifier, perturbed.to(device)));
                Tensor delta = perturbed.to(DType.FLOAT64).sub(clean.to(DType.FLOAT64));
                System.arraycopy(threat.norm().length(delta).toDoubles(), 0, sizes, done, batch.size());
                done += batch.size();
            }
            watched.progress("adversarial images", done, n);
        }
        boolean[] clean = Predictions.joined(before).correct(images.labels());
        boolean[] perturbed = Predictions.joined(after).correct(images.labels());
        double rounding = threat.norm().diameter(adversarial.rounding(), images.dimensions());
        double tolerance = AttackRun.TOLERANCE + threat.norm().diameter(SINGLE_PRECISION, images.dimensions());
        double[] sorted = sizes.clone();
        Arrays.sort(sorted);
        return new AdversarialImagesReport(
                Accuracy.of(clean),
                count(clean, perturbed, sizes, threat.epsilon(), tolerance),
                rounding == 0 ? null : count(clean, perturbed, sizes, threat.epsilon() + rounding, tolerance),
                sorted[n - 1],
                sorted[(n - 1) / 2]);
    }

    private static Counted count(
            boolean[] clean, boolean[] perturbed, double[] sizes, double allowed, double tolerance) {
        boolean[] robust = new boolean[sizes.length];
        int tooLarge = 0;
        int tooLargeAndMisclassified = 0;
        for (int i = 0; i < sizes.length; i++) {
            boolean within = sizes[i] <= allowed + tolerance;
            robust[i] = clean[i] && (perturbed[i] || !within);
            tooLarge += within ? 0 : 1;
            tooLargeAndMisclassified += !within && clean[i] && !perturbed[i] ? 1 : 0;
        }
        return new Counted(allowed, Accuracy.of(robust), tooLarge, tooLargeAndMisclassified);
    }
}
