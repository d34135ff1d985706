package varepsilon.robust.certify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import org.apache.commons.statistics.distribution.NormalDistribution;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Cost;
import varepsilon.stats.ExactBinomial;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Randomised smoothing (Cohen, Rosenfeld, Kolter 2019, "Certified adversarial robustness via randomized smoothing").
 * The smoothed classifier g predicts the class that the classifier f predicts most often for x + σ·ε with ε ~ N(0, I).
 * Where that class has the probability p > ½, no perturbation shorter in L2 than σ·Φ⁻¹(p) changes what g predicts.
 *
 * <p>The certificates are of g, not of f: an attack on f can succeed within a certified radius of g. They are
 * statistical, from a lower bound on p that is too high with at most probability α for each image. The noise is not
 * clipped to [0, 1], because the theorem is about unclipped noise; f is defined by what it predicts there. The theorem
 * is about real numbers, and the noise is of single precision.
 *
 * <p>The random numbers of an image depend on the seed and the image's number alone, not on the batch size. At most
 * {@code batchSize} noisy images are in memory at once, beside what the classifier needs for as many.
 *
 * @param sigma σ, in pixel units, above 0
 * @param selectionDraws n₀: noisy images that select the class, at least 1
 * @param draws n: noisy images that estimate its probability, at least 1
 * @param alpha α: the probability of a wrong certificate or prediction, in (0, 1)
 * @param batchSize noisy images at once, at least 1
 * @param seed of the noise
 * @param device of the classifier
 */
public record RandomizedSmoothing(
        double sigma, int selectionDraws, int draws, double alpha, int batchSize, long seed, Device device) {
    private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);
    private static final String WORK = "certifying";

    /** Rejects settings outside their ranges. */
    public RandomizedSmoothing {
        Objects.requireNonNull(device, "device");
        // NaN fails these comparisons.
        if (!(sigma > 0 && sigma < Double.POSITIVE_INFINITY)) {
            throw new InputException("sigma " + sigma + ": expected a number above 0, in pixel units");
        }
        if (!(alpha > 0 && alpha < 1)) {
            throw new InputException("alpha " + alpha + ": expected a number between 0 and 1, without the ends");
        }
        requirePositive("selection draws", selectionDraws);
        requirePositive("draws", draws);
        requirePositive("batch size", batchSize);
    }

    private static void requirePositive(String what, int value) {
        if (value < 1) {
            throw new InputException(what + " " + value + ": expected at least 1");
        }
    }

    /**
     * What is certified of one image.
     *
     * @param selected the class that was predicted most often among the selection draws
     * @param count how many of the draws for the estimate predicted it
     * @param draws how many those were
     * @param lowerBound on the probability that it is predicted
     * @param radius in L2 and pixel units: every perturbation shorter than this leaves the prediction; 0 where the
     *     lower bound is at most ½, and no class is predicted
     */
    public record Certificate(int selected, int count, int draws, double lowerBound, double radius) {
        /** The class that is certified; empty where the smoothed classifier abstains. */
        public OptionalInt predicted() {
            return radius > 0 ? OptionalInt.of(selected) : OptionalInt.empty();
        }

        /** Whether this class is certified for all perturbations of at most that L2 length. */
        public boolean holds(int label, double length) {
            return selected == label && radius > length;
        }
    }

    /** The radius where every draw agrees: no larger one can be certified with so many draws; 0 where none can. */
    public double largestRadius() {
        return radius(ExactBinomial.lowerBound(draws, draws, alpha));
    }

    private double radius(double lowerBound) {
        return lowerBound > 0.5 ? sigma * NORMAL.inverseCumulativeProbability(lowerBound) : 0;
    }

    /** Noisy images to be classified: the total that a watch is told. */
    public long work(ImageSet images) {
        return images.size() * ((long) selectionDraws + draws);
    }

    /**
     * Certifies a set of images. Where a stop is requested, the report is of the images done until then, which may be
     * none; there is no accuracy then.
     *
     * @param images with labels
     * @param watch receives the number of noisy images classified: {@link #work}
     * @throws InputException where images have no labels, or the classifier does not return logits
     */
    public SmoothingReport of(Classifier classifier, ImageSet images, Watch watch) {
        if (!images.isLabelled()) {
            throw new InputException(images.name() + " has no labels, which accuracy needs");
        }
        Cost cost = new Cost(watch::stopRequested);
        List<Certificate> certificates = new ArrayList<>();
        watch.progress(WORK, 0, work(images));
        var batches = Batches.of(images, 1).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.withoutGradients()) {
                Batch image = batches.next();
                Runnable pass = () -> watch.progress(WORK, cost.forwardPasses(), work(images));
                certificates.add(certify(classifier, image.pixels(device), image.indices()[0], cost, pass));
            } catch (StoppedException e) {
                watch.progress(
                        WORK, cost.forwardPasses(), work(images)); // Throws where partial results are not wanted.
                break;
            }
        }
        int done = certificates.size();
        return new SmoothingReport(
                Arrays.copyOf(images.labels(), done), certificates, cost.forwardPasses(), done == images.size());
    }

    /**
     * Certifies one image: algorithm CERTIFY of the paper.
     *
     * @param pixels 1×C×H×W in [0, 1], on the classifier's device
     * @param image its number in its set
     * @param cost counts the passes through the classifier
     * @throws InputException where the classifier does not return logits
     * @throws StoppedException where a stop is requested
     */
    public Certificate certify(Classifier classifier, Tensor pixels, int image, Cost cost) {
        return certify(classifier, pixels, image, cost, () -> {});
    }

    private Certificate certify(Classifier classifier, Tensor pixels, int image, Cost cost, Runnable pass) {
        int[] selection = counts(classifier, pixels, image, "selection", selectionDraws, cost, pass);
        int selected = mostFrequent(selection);
        int[] estimate = counts(classifier, pixels, image, "estimate", draws, cost, pass);
        double lowerBound = ExactBinomial.lowerBound(estimate[selected], draws, alpha);
        return new Certificate(selected, estimate[selected], draws, lowerBound, radius(lowerBound));
    }

    /**
     * What the smoothed classifier predicts for one image: algorithm PREDICT of the paper, with {@link #draws} noisy
     * images. The class is another than g's with at most probability α.
     *
     * @param pixels 1×C×H×W in [0, 1], on the classifier's device
     * @param image its number in its set
     * @param cost counts the passes through the classifier
     * @return empty where it abstains: the most frequent class is not more frequent than the next one by more than
     *     chance would have it, by the two-sided binomial test at level α
     * @throws InputException where the classifier does not return logits
     * @throws StoppedException where a stop is requested
     */
    public OptionalInt predict(Classifier classifier, Tensor pixels, int image, Cost cost) {
        int[] counts = counts(classifier, pixels, image, "prediction", draws, cost, () -> {});
        int first = mostFrequent(counts);
        int most = counts[first];
        counts[first] = 0;
        int next = counts[mostFrequent(counts)];
        return ExactBinomial.pValue(most, next) <= alpha ? OptionalInt.of(first) : OptionalInt.empty();
    }

    /** How often each class is predicted under noise. */
    private int[] counts(
            Classifier classifier, Tensor pixels, int image, String use, int number, Cost cost, Runnable pass) {
        if (pixels.dimensions() < 2 || pixels.size(0) != 1) {
            throw new IllegalArgumentException("pixels " + pixels + ": expected those of one image, 1×…");
        }
        int[] counts = {};
        try (Rng rng = Seed.of(seed).split("smoothing").split(use).split(image).stream()) {
            for (int done = 0; done < number; ) {
                int size = Math.min(batchSize, number - done);
                cost.forward(size);
                try (var scope = Scope.withoutGradients()) {
                    Tensor logits = Predictions.logits(classifier, noisy(pixels, size, rng));
                    counts = Arrays.copyOf(counts, Math.toIntExact(logits.size(1)));
                    for (int predicted : Predictions.of(logits).classes()) {
                        counts[predicted]++;
                    }
                }
                done += size;
                pass.run();
            }
        }
        return counts;
    }

    /** Each draw by a call of its own: the engine's numbers depend on how many are drawn at once. */
    private Tensor noisy(Tensor pixels, int size, Rng rng) {
        List<Tensor> noise = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            noise.add(rng.normal(pixels.dtype(), pixels.shape()));
        }
        return Tensor.concat(0, noise).to(pixels.device()).mulInPlace(sigma).addInPlace(pixels);
    }

    /** The first of them where there are several. */
    private static int mostFrequent(int[] counts) {
        int most = 0;
        for (int i = 1; i < counts.length; i++) {
            most = counts[i] > counts[most] ? i : most;
        }
        return most;
    }
}
