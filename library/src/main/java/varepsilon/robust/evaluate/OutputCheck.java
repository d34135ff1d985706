package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import varepsilon.classify.Classifier;
import varepsilon.classify.Logits;
import varepsilon.classify.Predictions;
import varepsilon.stats.Percent;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Checks the outputs of a classifier on clean images: whether they are logits, and whether those of an image depend on
 * that image alone.
 */
public final class OutputCheck {
    private static final String RANDOM = "random-model";

    /** Logits of an image that differ by less than this give no class e times the probability of another. */
    private static final double TINY_RANGE = 1;
    /** Rounding error between batches of different sizes, relative to the largest logit. */
    private static final double ROUNDING = 1e-3;

    /** Ratio of accuracy to mean predicted probability above which logits seem scaled down. */
    private static final double TOO_MODEST = 2;

    private static final int COMPARED = 8;

    private boolean sumToOne = true;
    private double lowest = Double.POSITIVE_INFINITY;
    private double highest = Double.NEGATIVE_INFINITY;
    private double largestRange;
    private long examples;
    private double correct;
    private double confidence;
    private double differenceAgain;
    private double differenceInCompany;
    private double scale;
    private boolean compared;
    private boolean repeatable = true;

    /**
     * Adds the logits of clean images.
     *
     * @param logits N×K
     * @param labels INT64 N
     */
    public void add(Tensor logits, Tensor labels) {
        try (var scope = Scope.withoutGradients()) {
            examples += logits.size(0);
            correct += Predictions.match(logits, labels).to(DType.FLOAT64).sum().item();
            confidence += logits.to(DType.FLOAT64).softmax(1).amax(1).sum().item();
            Tensor high = logits.amax(1).to(DType.FLOAT64);
            Tensor low = logits.neg().amax(1).neg().to(DType.FLOAT64);
            highest = Math.max(highest, high.amax(0).item());
            lowest = Math.min(lowest, -low.neg().amax(0).item());
            largestRange = Math.max(largestRange, high.sub(low).amax(0).item());
            sumToOne &= Logits.areProbabilities(logits);
        }
    }

    /**
     * Predicts some images alone, a second time, and together with their negatives. The caller has set evaluation mode.
     *
     * @param pixels N×C×H×W in [0, 1], of which the first few are used
     */
    public void compare(Classifier classifier, Tensor pixels) {
        try (var scope = Scope.withoutGradients()) {
            Tensor some = pixels.narrow(0, 0, Math.min(pixels.size(0), COMPARED));
            Tensor alone = classifier.logits(some);
            Tensor again = classifier.logits(some);
            Tensor mixed =
                    classifier.logits(Tensor.concat(0, List.of(some, some.neg().add(1))));
            compared = true;
            scale = largest(alone);
            differenceAgain = largest(again.sub(alone));
            differenceInCompany = largest(mixed.narrow(0, 0, some.size(0)).sub(alone));
        }
    }

    private static double largest(Tensor x) {
        return x.abs().amax(0, 1).item();
    }

    /** Adds whether the same images got the same predictions later. */
    void again(boolean samePredictions) {
        repeatable &= samePredictions;
    }

    /** What was found; empty where nothing was seen. */
    public List<Check> checks() {
        List<Check> checks = new ArrayList<>();
        if (examples > 0) {
            checks.add(probabilities());
            checks.add(scaledLogits());
        }
        if (compared) {
            checks.add(random());
            if (!isRandom()) {
                checks.add(batchDependence());
            }
        }
        return checks;
    }

    private Check probabilities() {
        String name = "probabilities";
        if (sumToOne) {
            return new Check(
                    name,
                    true,
                    "the outputs for each image lie between 0 and 1 and sum to 1: they seem to be probabilities, not"
                            + " logits, so that their cross-entropy is on the wrong scale, with small gradients",
                    "Leave out the model's last softmax.");
        }
        if (lowest >= 0 && highest <= 1) {
            return new Check(
                    name,
                    true,
                    "all outputs lie between 0 and 1, as after a sigmoid: they seem to be probabilities, not logits, and"
                            + " the gradient vanishes where the sigmoid is flat",
                    "Leave out the model's last sigmoid.");
        }
        return Check.passed(name, String.format(Locale.ROOT, "outputs from %.3g to %.3g", lowest, highest));
    }

    private Check scaledLogits() {
        String name = "scaled-logits";
        String saw = String.format(
                Locale.ROOT,
                "the logits of an image differ by up to %.2g; the predicted class has a probability of %.2f on average,"
                        + " and %s are correctly classified",
                largestRange,
                confidence / examples,
                Percent.of(correct / examples, 0));
        boolean probabilities = lowest >= 0 && highest <= 1;
        return !probabilities && largestRange <= TINY_RANGE && correct > TOO_MODEST * confidence
                ? new Check(
                        name,
                        true,
                        saw + ": they seem to be scaled down, and the gradient of their cross-entropy leads towards all"
                                + " other classes at once, not towards the nearest",
                        "Attack the margin or dlr loss, whose direction does not depend on the scale.")
                : Check.passed(name, saw);
    }

    private boolean isRandom() {
        return differenceAgain > ROUNDING * scale;
    }

    private Check random() {
        String advice =
                "Fix the model's random numbers, or attack the mean of several passes: attacks that do not are too"
                        + " weak.";
        if (isRandom()) {
            return new Check(
                    RANDOM,
                    true,
                    String.format(
                            Locale.ROOT,
                            "the same images given again get logits that differ by up to %.2g: the model is random",
                            differenceAgain),
                    advice);
        }
        return repeatable
                ? Check.passed(
                        RANDOM,
                        String.format(
                                Locale.ROOT,
                                "the same images given again get logits that differ by at most %.1g",
                                differenceAgain))
                : new Check(
                        RANDOM,
                        true,
                        "the same images given again get other predictions: the model is random, or keeps a state",
                        advice);
    }

    private Check batchDependence() {
        String name = "batch-dependence";
        String saw = String.format(
                Locale.ROOT,
                "the logits of an image differ by up to %.2g with the other images of its batch",
                differenceInCompany);
        return differenceInCompany > ROUNDING * scale
                ? new Check(
                        name,
                        true,
                        saw + ": the model seems to normalise by the batch, as in training",
                        "Save the model in evaluation mode; as it is, every figure depends on the batch size and on the"
                                + " order of the images.")
                : Check.passed(name, saw);
    }
}
