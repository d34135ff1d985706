package varepsilon.robust.attack;

import java.util.Arrays;
import java.util.stream.Collectors;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.classify.Logits;
import varepsilon.classify.Predictions;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Runs an attack in order to measure a classifier. The classifier is in evaluation mode meanwhile; examples that meet
 * the criterion without a perturbation are not attacked; the returned perturbations are checked against the threat
 * model and the perturbed images are predicted again, so that a success is counted only where the returned image meets
 * the criterion.
 *
 * @param classifier the model attacked
 * @param threat the allowed perturbations
 * @param criterion when an attack succeeds
 */
public record AttackRun(Classifier classifier, ThreatModel threat, Criterion criterion) {
    /** How far from the ball and the box a returned image may lie: the rounding of single precision. */
    public static final double TOLERANCE = 1e-6;
    /**
     * The largest violation of the threat model that is taken for rounding and corrected; a larger one is an error of
     * the attack.
     */
    private static final double CORRECTABLE = 1e-4;

    private static final int CORRECTION_ROUNDS = 10;

    /**
     * The smallest perturbations end at the decision boundary, and logits differ by rounding from one batch to another:
     * where a success is lost by that, the perturbation is lengthened by these factors until it is one again.
     */
    private static final double[] LENGTHENED = {1.0001, 1.001, 1.01};

    /** Untargeted: any misclassification is a success. */
    public static AttackRun untargeted(Classifier classifier, ThreatModel threat) {
        return new AttackRun(classifier, threat, Criterion.untargeted());
    }

    /**
     * Attacks some examples.
     *
     * @param pixels N×…, inside the box
     * @param labels INT64 N, the true classes
     * @param rng one stream for all examples: the random numbers of one depend on the other examples of the batch
     * @param cost counts the passes through the classifier
     * @throws InputException where pixels lie outside the box, a label is none of the classifier's classes, or the
     *     classifier does not return logits
     * @throws IllegalStateException where the attack returns a perturbation outside its threat model
     */
    public AttackResult of(Attack attack, Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        return of(attack, pixels, labels, labels, Draws.shared(rng), cost);
    }

    /**
     * As {@link #of(Attack, Tensor, Tensor, Rng, Cost)}, with the classes that the criterion is about.
     *
     * @param classes INT64 N: the labels again, or the target classes of a targeted attack
     * @param draws the attack's random numbers
     */
    public AttackResult of(Attack attack, Tensor pixels, Tensor labels, Tensor classes, Draws draws, Cost cost) {
        requireNorm(attack);
        try (var scope = Scope.withoutGradients()) {
            requireImages(pixels);
            AttackResult result =
                    classifier.evaluating(() -> attacked(attack, pixels.detach(), labels, classes, draws, cost));
            scope.keep(result.adversarial());
            return result;
        }
    }

    private AttackResult attacked(Attack attack, Tensor pixels, Tensor labels, Tensor classes, Draws draws, Cost cost) {
        Tensor clean = logits(pixels, cost);
        requireClasses("label", labels, clean.size(1), pixels.size(0));
        requireClasses("target", classes, clean.size(1), pixels.size(0));
        Predictions predicted = Predictions.of(clean);
        int[] cleanPrediction = predicted.classes();
        boolean[] correct = predicted.correct(labels);
        Tensor metBefore = criterion.isMet(clean, classes);
        boolean[] met = booleans(metBefore);
        int[] adversarialPrediction = cleanPrediction.clone();
        double[] size = new double[correct.length];
        Seen seen = new Seen();
        Tensor adversarial = pixels.copy();
        Tensor open = metBefore.not().nonzero();
        if (open.count() > 0) {
            Problem problem = Problem.ofEvaluation(classifier, pixels, classes, criterion, threat, cost)
                    .select(open);
            // Copies, so that an attack that writes to the problem's pixels does not change the measured images.
            Tensor images = pixels.indexSelect(0, open);
            Tensor found = settled(attack, images, attack.perturb(problem, draws.select(open)));
            double[] lengths = lengths(found, images);
            requireInBall(attack, lengths, TOLERANCE);
            requireInBox(attack, found, TOLERANCE);
            seen = problem.seen();
            cost.forward(found.size(0));
            Tensor after = classifier.logits(found);
            Logits.checkShape(after, found.size(0));
            if (!after.isFinite()) {
                // An image without logits is no success of the attack, nor can it be counted as another class.
                Tensor good = PerExample.isFinite(after);
                for (long bad : open.indexSelect(0, good.not().nonzero()).toLongs()) {
                    seen.withoutLogits().set(Math.toIntExact(bad));
                }
                found = found.where(PerExample.broadcast(good, found), images);
                lengths = lengths(found, images);
                after = logits(found, cost);
            }
            boolean[] metAfter = booleans(criterion.isMet(after, classes.indexSelect(0, open)));
            int[] predictedAfter = Predictions.of(after).classes();
            adversarial.indexCopyInPlace(0, open, found);
            long[] rows = open.toLongs();
            for (int i = 0; i < rows.length; i++) {
                int row = (int) rows[i];
                met[row] = metAfter[i];
                adversarialPrediction[row] = predictedAfter[i];
                size[row] = lengths[i];
            }
        }
        int[] lost = seen.met().stream().filter(row -> !met[row]).toArray();
        return new AttackResult(
                adversarial,
                cleanPrediction,
                adversarialPrediction,
                correct,
                met,
                size,
                seen.withoutGradient().stream().toArray(),
                seen.withoutLogits().stream().toArray(),
                lost);
    }

    /**
     * Searches for the smallest perturbations of some examples, whatever ε is.
     *
     * @param pixels N×…, inside the box
     * @param labels INT64 N, the true classes
     * @param rng one stream for all examples
     * @param cost counts the passes through the classifier
     * @throws InputException as {@link #of(Attack, Tensor, Tensor, Rng, Cost)} says
     * @throws IllegalStateException where the attack returns a perturbation outside the box
     */
    public MinimumResult minimum(MinimumAttack attack, Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        return minimum(attack, pixels, labels, labels, Draws.shared(rng), cost);
    }

    /**
     * As {@link #minimum(MinimumAttack, Tensor, Tensor, Rng, Cost)}, with the classes that the criterion is about.
     *
     * @param classes INT64 N: the labels again, or the target classes of a targeted attack
     * @param draws the attack's random numbers
     */
    public MinimumResult minimum(
            MinimumAttack attack, Tensor pixels, Tensor labels, Tensor classes, Draws draws, Cost cost) {
        requireNorm(attack);
        try (var scope = Scope.withoutGradients()) {
            requireImages(pixels);
            MinimumResult result =
                    classifier.evaluating(() -> minimised(attack, pixels.detach(), labels, classes, draws, cost));
            scope.keep(result.adversarial());
            return result;
        }
    }

    private MinimumResult minimised(
            MinimumAttack attack, Tensor pixels, Tensor labels, Tensor classes, Draws draws, Cost cost) {
        Tensor clean = logits(pixels, cost);
        requireClasses("label", labels, clean.size(1), pixels.size(0));
        requireClasses("target", classes, clean.size(1), pixels.size(0));
        Predictions predicted = Predictions.of(clean);
        Tensor metBefore = criterion.isMet(clean, classes);
        boolean[] found = booleans(metBefore);
        int[] prediction = predicted.classes().clone();
        double[] size = new double[found.length];
        Seen seen = new Seen();
        Tensor adversarial = pixels.copy();
        Tensor open = metBefore.not().nonzero();
        if (open.count() > 0) {
            Problem problem = Problem.ofEvaluation(classifier, pixels, classes, criterion, threat, cost)
                    .select(open);
            // Copies, so that an attack that writes to the problem's pixels does not change the measured images.
            Tensor images = pixels.indexSelect(0, open);
            MinimumAttack.Smallest smallest = attack.minimise(problem, 0, draws.select(open));
            requireShape(attack, smallest.delta(), images);
            Tensor delta = smallest.delta().detach();
            Tensor moved = images.add(delta).to(images.dtype());
            requireInBox(attack, moved, TOLERANCE);
            moved = threat.box().clamp(moved);
            Tensor theirs = classes.indexSelect(0, open);
            Tensor after = logits(moved, cost);
            Tensor kept = smallest.found().and(criterion.isMet(after, theirs));
            for (double factor : LENGTHENED) {
                Tensor lost = smallest.found().and(kept.not());
                if (lost.nonzero().count() == 0) {
                    break;
                }
                Tensor longer = threat.box().clamp(images.add(delta.mul(factor)).to(images.dtype()));
                moved = longer.where(PerExample.broadcast(lost, moved), moved);
                after = logits(moved, cost);
                kept = smallest.found().and(criterion.isMet(after, theirs));
            }
            boolean[] foundHere = booleans(kept);
            int[] predictedAfter = Predictions.of(after).classes();
            double[] lengths = lengths(moved, images);
            long[] rows = open.toLongs();
            seen = problem.seen();
            for (int i = 0; i < rows.length; i++) {
                int row = (int) rows[i];
                found[row] = foundHere[i];
                size[row] = found[row] ? lengths[i] : Double.POSITIVE_INFINITY;
                if (found[row]) {
                    prediction[row] = predictedAfter[i];
                }
            }
            adversarial.indexCopyInPlace(0, open, moved.where(PerExample.broadcast(kept, moved), images));
        }
        return new MinimumResult(
                adversarial,
                predicted.classes(),
                prediction,
                predicted.correct(labels),
                found,
                size,
                seen.withoutGradient().stream().toArray(),
                seen.withoutLogits().stream().toArray());
    }

    private void requireNorm(Attack attack) {
        if (!attack.norms().contains(threat.norm())) {
            throw new InputException("attack " + attack.name() + " has no norm "
                    + threat.norm().label() + "; it has "
                    + attack.norms().stream().map(Norm::label).collect(Collectors.joining(", ")));
        }
    }

    private static void requireShape(Attack attack, Tensor delta, Tensor pixels) {
        if (!Arrays.equals(delta.shape(), pixels.shape())) {
            throw new IllegalStateException("attack " + attack.name() + " returned perturbations of shape "
                    + Arrays.toString(delta.shape()) + " for images of " + Arrays.toString(pixels.shape()));
        }
    }

    /** The perturbed images; where adding δ to the pixels rounded it out of the ball, it is shortened by that much. */
    private Tensor settled(Attack attack, Tensor pixels, Tensor delta) {
        requireShape(attack, delta, pixels);
        Tensor moved = pixels.add(delta.detach()).to(pixels.dtype());
        requireInBall(attack, lengths(moved, pixels), CORRECTABLE * Math.max(1, threat.epsilon()));
        requireInBox(attack, moved, CORRECTABLE);
        Tensor found = threat.box().clamp(moved);
        for (int round = 0; round < CORRECTION_ROUNDS; round++) {
            Tensor length = length(found, pixels);
            Tensor tooLong = length.gt(threat.epsilon() + TOLERANCE / 2);
            if (tooLong.nonzero().count() == 0) {
                break;
            }
            // Shortened by more than the excess, and more in each round, because the shorter perturbation is rounded
            // too.
            Tensor shrink = length.zerosLike().add(threat.epsilon()).div(length);
            for (int i = 0; i <= round; i++) {
                shrink = shrink.square();
            }
            Tensor move = found.sub(pixels).to(DType.FLOAT64).mul(PerExample.broadcast(shrink, pixels));
            Tensor shorter = pixels.to(DType.FLOAT64).add(move).to(pixels.dtype());
            found = threat.box().clamp(shorter).where(PerExample.broadcast(tooLong, pixels), found);
        }
        return found;
    }

    private Tensor length(Tensor found, Tensor pixels) {
        return threat.norm().length(found.to(DType.FLOAT64).sub(pixels.to(DType.FLOAT64)));
    }

    private double[] lengths(Tensor found, Tensor pixels) {
        return length(found, pixels).toDoubles();
    }

    private void requireInBall(Attack attack, double[] lengths, double tolerance) {
        for (double length : lengths) {
            // NaN fails this comparison.
            if (!(length <= threat.epsilon() + tolerance)) {
                throw new IllegalStateException("attack " + attack.name() + " returned a perturbation of "
                        + threat.norm().label() + " size " + length + "; the threat model allows " + threat.epsilon());
            }
        }
    }

    private void requireInBox(Attack attack, Tensor found, double tolerance) {
        double low = lowest(found);
        double high = highest(found);
        if (low < threat.box().low() - tolerance || high > threat.box().high() + tolerance) {
            throw new IllegalStateException("attack " + attack.name() + " returned pixels from " + low + " to " + high
                    + "; the threat model allows " + threat.box().low() + " to "
                    + threat.box().high());
        }
    }

    private void requireImages(Tensor pixels) {
        if (pixels.dimensions() < 2 || pixels.size(0) < 1 || !pixels.dtype().isFloatingPoint()) {
            throw new IllegalArgumentException(
                    "images " + pixels + ": expected a floating-point tensor of N×… with N at least 1");
        }
        double low = lowest(pixels);
        double high = highest(pixels);
        // NaN fails this comparison.
        if (!(low >= threat.box().low() - TOLERANCE && high <= threat.box().high() + TOLERANCE)) {
            throw new InputException("the images have pixels from " + low + " to " + high + "; expected values in ["
                    + threat.box().low() + ", " + threat.box().high()
                    + "]: classifiers take pixels, and normalise them inside");
        }
    }

    private static double lowest(Tensor x) {
        return -highest(x.neg());
    }

    private static double highest(Tensor x) {
        return x.flatten(0).amax(0).item();
    }

    private static void requireClasses(String what, Tensor classes, long count, long examples) {
        if (classes.dimensions() != 1 || classes.size(0) != examples || classes.dtype() != DType.INT64) {
            throw new IllegalArgumentException(
                    what + "s " + classes + ": expected one INT64 for each of " + examples + " images");
        }
        for (long value : classes.toLongs()) {
            if (value < 0 || value >= count) {
                throw new InputException(what + " " + value + ": the classifier has the classes 0 to " + (count - 1)
                        + "; was it trained on other data?");
            }
        }
    }

    private Tensor logits(Tensor x, Cost cost) {
        cost.forward(x.size(0));
        Tensor logits = classifier.logits(x);
        Logits.check(logits, x.size(0));
        return logits;
    }

    private static boolean[] booleans(Tensor conditions) {
        byte[] bytes = conditions.to(DType.UINT8).toBytes();
        boolean[] result = new boolean[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            result[i] = bytes[i] != 0;
        }
        return result;
    }
}
