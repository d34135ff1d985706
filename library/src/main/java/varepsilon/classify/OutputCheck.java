package varepsilon.classify;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import varepsilon.stats.Percent;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Checks the outputs of a classifier on clean images: whether they are logits, and whether those of an image depend on
 * that image alone. Notes are sentences for the report.
 */
public final class OutputCheck {
    /** The note that the classifier is random. */
    public static final String RANDOM =
            "The classifier returns other logits when given the same images again: it is random,"
                    + " and attacks that do not average over that are too weak.";

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
            scale = largest(alone);
            differenceAgain = largest(again.sub(alone));
            differenceInCompany = largest(mixed.narrow(0, 0, some.size(0)).sub(alone));
        }
    }

    private static double largest(Tensor x) {
        return x.abs().amax(0, 1).item();
    }

    /** Whether the classifier was found to be random. */
    public boolean isRandom() {
        return differenceAgain > ROUNDING * scale;
    }

    /** The problems found, a sentence each. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (examples > 0 && sumToOne) {
            notes.add("The classifier seems to return probabilities, not logits: its cross-entropy is computed on the"
                    + " wrong scale, with small gradients, so attacks may be weak and robust accuracy"
                    + " overestimated. Leave out its"
                    + " last softmax.");
        } else if (examples > 0 && lowest >= 0 && highest <= 1) {
            notes.add("All outputs of the classifier lie between 0 and 1, as they do after a sigmoid: they seem to be"
                    + " probabilities, not logits. The gradient of their cross-entropy vanishes where the sigmoid is"
                    + " flat, so attacks may be weak and robust accuracy overestimated. Leave out its last sigmoid.");
        } else if (largestRange <= TINY_RANGE && correct > TOO_MODEST * confidence) {
            notes.add(String.format(
                    Locale.ROOT,
                    "No two logits of an image differ by more than %.2g, so that softmax gives the predicted class a"
                            + " probability of %.2f on average, though %s are correctly classified: the logits seem to"
                            + " be scaled down. The gradient of their cross-entropy leads away from the true class"
                            + " towards all others at once, not towards the nearest, so attacks may be weak and robust"
                            + " accuracy overestimated. The margin loss does not depend on the scale of the logits.",
                    largestRange,
                    confidence / examples,
                    Percent.of(correct / examples, 0)));
        }
        if (isRandom()) {
            notes.add(RANDOM);
        } else if (differenceInCompany > ROUNDING * scale) {
            notes.add(String.format(
                    Locale.ROOT,
                    "The logits of an image depend on which others are in its batch (they differ by up to %.2g): the"
                            + " model seems to normalise by the batch, as in training. Every figure here depends on the"
                            + " batch size and on the order of the images; save the model in evaluation mode.",
                    differenceInCompany));
        }
        return notes;
    }
}
