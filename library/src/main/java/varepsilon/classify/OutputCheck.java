package varepsilon.classify;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import varepsilon.stats.Percent;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * What the outputs of a classifier on clean images say of how it can be measured: whether they are logits at all, and whether
 * those of an image depend on it alone. Notes are sentences for the person who reads the numbers.
 */
public final class OutputCheck {
    /** That the classifier is random. */
    public static final String RANDOM =
            "The classifier returns other logits when given the same images again: it is random,"
                    + " and attacks that do not average over that are too weak.";

    /** Of logits: where no two of an image differ by more, no class is ever e times as probable as another. */
    private static final double TINY_RANGE = 1;
    /** Relative to the largest logit: what rounding may change when a batch of another size is computed. */
    private static final double ROUNDING = 1e-3;

    /** How many times as accurate as its mean probability a classifier may be; one no better than chance never is. */
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
     * Takes in the logits of clean images.
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
     * Has some images predicted by themselves, once more, and together with their negatives. The caller has put the classifier
     * in evaluation mode.
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

    /** Whether the classifier is random, as far as was seen. */
    public boolean isRandom() {
        return differenceAgain > ROUNDING * scale;
    }

    /** What is wrong, a sentence each. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (examples > 0 && sumToOne) {
            notes.add(
                    "The classifier seems to return probabilities, not logits: its cross-entropy is not what it seems, and"
                            + " the gradients of that are small, so attacks may look weak and the model robust. Leave out its"
                            + " last softmax.");
        } else if (examples > 0 && lowest >= 0 && highest <= 1) {
            notes.add("All outputs of the classifier lie between 0 and 1, as they do after a sigmoid: they seem to be"
                    + " probabilities, not logits. The gradient of their cross-entropy fades where the sigmoid is flat, so"
                    + " attacks may look weak and the model robust. Leave out its last sigmoid.");
        } else if (largestRange <= TINY_RANGE && correct > TOO_MODEST * confidence) {
            notes.add(String.format(
                    Locale.ROOT,
                    "No two logits of an image differ by more than %.2g, so that softmax gives the predicted class a"
                            + " probability of %.2f on average, though %s are correctly classified: the logits seem to be"
                            + " scaled down. The gradient of their cross-entropy leads away from the true class towards all"
                            + " others at once, not towards the nearest, so attacks may look weak and the model robust."
                            + " The margin loss does not depend on the scale of the logits.",
                    largestRange,
                    confidence / examples,
                    Percent.of(correct / examples, 0)));
        }
        if (isRandom()) {
            notes.add(RANDOM);
        } else if (differenceInCompany > ROUNDING * scale) {
            notes.add(String.format(
                    Locale.ROOT,
                    "The logits of an image depend on which others are in its batch (they differ by up to %.2g): the model"
                            + " seems to normalise by the batch, as in training. Every figure here depends on the batch"
                            + " size and on the order of the images; save the model in evaluation mode.",
                    differenceInCompany));
        }
        return notes;
    }
}
