package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import varepsilon.classify.Classifier;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.GradientAttack;
import varepsilon.robust.attack.Knowledge;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.Percent;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Signs that attacks failed rather than the model resisted (Athalye, Carlini, Wagner 2018, "Obfuscated gradients give a
 * false sense of security", section 3.1; Carlini et al. 2019, "On evaluating adversarial robustness", section 5). Each
 * is a sentence for the report. No sign is a proof, nor is the absence of signs.
 */
public final class FailureChecks {
    /** The significance level at which two attacks are compared on the same images. */
    private static final double SIGNIFICANCE = 0.05;

    private FailureChecks() {}

    /** Kinds of attacks in rising strength; each kind can find whatever an earlier one finds. */
    private enum Effort {
        NOISE,
        SINGLE_STEP,
        SEARCH;

        static Effort of(Attack attack) {
            if (attack.knowledge() == Knowledge.NOTHING) {
                return NOISE;
            }
            return attack instanceof GradientAttack gradient && gradient.steps() == 1 ? SINGLE_STEP : SEARCH;
        }
    }

    /**
     * Signs found by comparing the trials of a report.
     *
     * @param classes number of classes
     * @param dimensions values in an image
     */
    public static List<String> of(RobustnessReport report, int classes, int dimensions) {
        List<String> signs = new ArrayList<>();
        for (TrialReport weak : report.trials()) {
            for (TrialReport strong : report.trials()) {
                compare(report, weak, strong).ifPresent(signs::add);
            }
        }
        for (EpsilonCurve curve : EpsilonCurve.of(report)) {
            signs.addAll(rises(curve));
        }
        for (TrialReport trial : report.trials()) {
            unbounded(trial, classes, dimensions).ifPresent(signs::add);
        }
        return signs;
    }

    private static Optional<String> compare(RobustnessReport report, TrialReport weak, TrialReport strong) {
        Effort less = Effort.of(weak.trial().attack());
        Effort more = Effort.of(strong.trial().attack());
        if (less.compareTo(more) >= 0 || !weak.trial().hasGoalOf(strong.trial())) {
            return Optional.empty();
        }
        int brokenByWeak = report.clean().correct() - weak.accuracy().correct();
        int brokenByStrong = report.clean().correct() - strong.accuracy().correct();
        String found = weak.trial().label() + " breaks " + brokenByWeak + " images, "
                + strong.trial().attack().name() + " " + brokenByStrong;
        if (less == Effort.NOISE) {
            return brokenByWeak > 0 && brokenByWeak >= brokenByStrong
                    ? Optional.of(found + ": noise does as well as the gradient, so the gradient seems to carry no"
                            + " information.")
                    : Optional.empty();
        }
        double p = PairedComparison.of(weak.robust(), strong.robust()).pValue();
        return brokenByWeak > brokenByStrong && p < SIGNIFICANCE
                ? Optional.of(
                        found + ": one step does better than many, so the search fails; the gradient seems masked,"
                                + " or the step size is unsuitable.")
                : Optional.empty();
    }

    /** A perturbation allowed at some ε is allowed at every larger ε. */
    private static List<String> rises(EpsilonCurve curve) {
        List<String> signs = new ArrayList<>();
        if (Effort.of(curve.trials().get(0).trial().attack()) != Effort.SEARCH) {
            return signs;
        }
        for (int i = 1; i < curve.trials().size(); i++) {
            TrialReport near = curve.trials().get(i - 1);
            TrialReport far = curve.trials().get(i);
            PairedComparison pairs = PairedComparison.of(near.robust(), far.robust());
            if (pairs.difference() < 0 && pairs.pValue() < SIGNIFICANCE) {
                signs.add(far.trial().label() + ": robust accuracy is "
                        + Percent.of(far.accuracy().rate()) + ", more than "
                        + Percent.of(near.accuracy().rate()) + " at ε "
                        + Numbers.shortest(near.trial().threat().epsilon())
                        + ": the attack misses adversarial examples that it found there; its step size or number of"
                        + " steps is unsuitable.");
            }
        }
        return signs;
    }

    /** Where any image may become any other, all can become the same image, and that has one prediction. */
    private static Optional<String> unbounded(TrialReport trial, int classes, int dimensions) {
        double chance = 1.0 / classes;
        boolean fails = trial.trial().threat().allowsAnything(dimensions)
                && Effort.of(trial.trial().attack()) == Effort.SEARCH
                && trial.accuracy().interval().low() > chance;
        return fails
                ? Optional.of(trial.trial().label() + ": robust accuracy is "
                        + Percent.of(trial.accuracy().rate())
                        + ", though the attack may turn any image into any other; chance would be "
                        + Percent.of(chance) + ", so the attack fails.")
                : Optional.empty();
    }

    /**
     * Whether the gradient of a loss is exactly zero at images that are correctly classified: there no attack that
     * follows it makes a step.
     *
     * @param loss the loss that attacks maximise
     * @param images labelled; some dozens are enough
     * @param device of the classifier
     */
    public static Optional<String> vanishingGradients(
            Classifier classifier, ImageSet images, AttackLoss loss, int batchSize, Device device) {
        int[] counts = new int[2];
        classifier.evaluating(() -> {
            var batches = Batches.of(images, batchSize).iterator();
            while (batches.hasNext()) {
                try (var scope = Scope.withoutGradients()) {
                    count(classifier, batches.next(), loss, device, counts);
                }
            }
        });
        return counts[1] == 0
                ? Optional.empty()
                : Optional.of(
                        "At " + counts[1] + " of " + counts[0] + " correctly classified images the gradient of the loss"
                                + " that is attacked is exactly zero, and an attack that follows it makes no step: "
                                + (loss == AttackLoss.MARGIN
                                        ? "the model is not differentiable there, or saturated."
                                        : "the predicted probability is rounded to 1 (try the margin loss), or the"
                                                + " model is not differentiable there."));
    }

    /** Adds the images that are correctly classified, and those of them with a gradient of zero. */
    private static void count(Classifier classifier, Batch batch, AttackLoss loss, Device device, int[] counts) {
        Tensor pixels = batch.pixels(device);
        Tensor labels = batch.labels().to(device);
        Problem problem = Problem.ofTraining(classifier, pixels, labels, ThreatModel.of(Norm.LINF, 1), new Cost());
        Problem.Slope slope = problem.slope(pixels.zerosLike(), loss);
        double[] steepest = slope.gradient().abs().flatten(1).amax(1).toDoubles();
        // The criterion of training is "another class than the label".
        byte[] misclassified = slope.met().to(DType.UINT8).toBytes();
        for (int i = 0; i < misclassified.length; i++) {
            counts[0] += misclassified[i] == 0 ? 1 : 0;
            counts[1] += misclassified[i] == 0 && steepest[i] == 0 ? 1 : 0;
        }
    }
}
