package varepsilon.robust.evaluate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.classify.Predictions;
import varepsilon.robust.attack.AttackRun;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The predictions of a classifier on saved adversarial examples, compared with those stored when the examples were
 * made.
 *
 * @param clean accuracy on the images
 * @param robust examples correctly classified before and after, of all
 * @param differing perturbed images whose prediction differs from the stored one
 * @param adversarial examples correctly classified before the attack and misclassified after it, when they were made
 * @param stillAdversarial how many of these are adversarial for this classifier
 * @param maxPerturbation the largest size of a perturbation, in the threat model's norm and pixel units
 * @param allowed the largest that is allowed: ε, and for bytes the rounding by up to half a level of every pixel
 */
public record Reprediction(
        Accuracy clean,
        Accuracy robust,
        int differing,
        int adversarial,
        int stillAdversarial,
        double maxPerturbation,
        double allowed) {
    private static final double HALF_LEVEL = 0.5 / 255;

    /** Pixels of examples {@code from} to {@code to − 1}. */
    @FunctionalInterface
    private interface Pixels {
        Tensor read(PngPairs.Side side, int from, int to) throws IOException;
    }

    /** Whether every perturbation is inside its threat model. */
    public boolean isWithinThreatModel() {
        return maxPerturbation <= allowed + AttackRun.TOLERANCE;
    }

    /**
     * From the stored pixels.
     *
     * @param batchSize images at once, at least 1
     * @param device of the classifier
     */
    public static Reprediction ofFloats(
            Classifier classifier, AdversarialExamples saved, int batchSize, Device device) {
        try {
            return of(
                    classifier,
                    saved,
                    (side, from, to) -> (side == PngPairs.Side.CLEAN ? saved.clean() : saved.adversarial())
                            .narrow(0, from, to - from),
                    saved.threat().epsilon(),
                    batchSize,
                    device);
        } catch (IOException e) {
            throw new AssertionError("memory was read, not a disk", e);
        }
    }

    /**
     * From the PNG pairs: pixels rounded to levels of a byte.
     *
     * @param batchSize images at once, at least 1
     * @param device of the classifier
     * @throws InputException where pictures are missing, damaged, or of another size
     * @throws IOException on an I/O error
     */
    public static Reprediction ofPngs(
            Classifier classifier, AdversarialExamples saved, Path folder, int batchSize, Device device)
            throws IOException {
        int channels = (int) saved.clean().size(1);
        int height = (int) saved.clean().size(2);
        int width = (int) saved.clean().size(3);
        PngPairs pairs = new PngPairs(folder);
        ThreatModel threat = saved.threat();
        double rounding = threat.norm().diameter(HALF_LEVEL, (long) channels * height * width);
        return of(
                classifier,
                saved,
                (side, from, to) ->
                        pairs.read(side, Arrays.copyOfRange(saved.indices(), from, to), channels, height, width),
                threat.epsilon() + rounding,
                batchSize,
                device);
    }

    private static Reprediction of(
            Classifier classifier,
            AdversarialExamples saved,
            Pixels pixels,
            double allowed,
            int batchSize,
            Device device)
            throws IOException {
        if (batchSize < 1) {
            throw new InputException("batch size " + batchSize + ": expected at least 1");
        }
        List<Predictions> before = new ArrayList<>();
        List<Predictions> after = new ArrayList<>();
        double maxPerturbation = 0;
        for (int from = 0; from < saved.n(); from += batchSize) {
            int to = (int) Math.min((long) from + batchSize, saved.n());
            try (var scope = Scope.withoutGradients()) {
                Tensor clean = pixels.read(PngPairs.Side.CLEAN, from, to);
                Tensor perturbed = pixels.read(PngPairs.Side.ADVERSARIAL, from, to);
                before.add(Predictions.of(classifier, clean.to(device)));
                after.add(Predictions.of(classifier, perturbed.to(device)));
                Tensor delta = perturbed.to(DType.FLOAT64).sub(clean.to(DType.FLOAT64));
                for (double size : saved.threat().norm().length(delta).toDoubles()) {
                    maxPerturbation = Math.max(maxPerturbation, size);
                }
            }
        }
        return count(saved, Predictions.joined(before), Predictions.joined(after), maxPerturbation, allowed);
    }

    private static Reprediction count(
            AdversarialExamples saved, Predictions before, Predictions after, double maxPerturbation, double allowed) {
        boolean[] clean = before.correct(saved.labels());
        boolean[] perturbed = after.correct(saved.labels());
        boolean[] cleanWhenMade = new Predictions(saved.cleanPredictions()).correct(saved.labels());
        boolean[] perturbedWhenMade = new Predictions(saved.predictions()).correct(saved.labels());
        boolean[] robust = new boolean[saved.n()];
        int differing = 0;
        int adversarial = 0;
        int stillAdversarial = 0;
        for (int i = 0; i < saved.n(); i++) {
            robust[i] = clean[i] && perturbed[i];
            differing += after.classes()[i] == saved.predictions()[i] ? 0 : 1;
            boolean broken = cleanWhenMade[i] && !perturbedWhenMade[i];
            adversarial += broken ? 1 : 0;
            stillAdversarial += broken && clean[i] && !perturbed[i] ? 1 : 0;
        }
        return new Reprediction(
                Accuracy.of(clean),
                Accuracy.of(robust),
                differing,
                adversarial,
                stillAdversarial,
                maxPerturbation,
                allowed);
    }
}
