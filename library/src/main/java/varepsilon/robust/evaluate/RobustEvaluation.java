package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.AttackResult;
import varepsilon.robust.attack.AttackRun;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Knowledge;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Measures the clean and robust accuracy of classifiers: without an attack, and under every trial. For each image, an
 * attack's random numbers depend on the seed, the attack's name and the image's index alone: neither other trials,
 * their order nor the batch size change them, and the same attack at another ε uses the same random numbers.
 *
 * @param trials attacks and their threat models; none for clean accuracy alone
 * @param batchSize images at once, at least 1
 * @param seed of all random starts and noise
 * @param device of the classifier
 */
public record RobustEvaluation(List<Trial> trials, int batchSize, long seed, Device device) {
    /** Copies the list and rejects a batch size below 1. */
    public RobustEvaluation {
        trials = List.copyOf(trials);
        Objects.requireNonNull(device, "device");
        if (batchSize < 1) {
            throw new InputException("batch size " + batchSize + ": expected at least 1");
        }
    }

    /** Measures a classifier, without progress. */
    public RobustnessReport of(Classifier classifier, ImageSet images) {
        return of(classifier, images, Watch.NONE);
    }

    /** Measures a classifier, without a listener for adversarial examples. */
    public RobustnessReport of(Classifier classifier, ImageSet images, Watch watch) {
        return of(classifier, images, batch -> {}, watch);
    }

    /**
     * Measures a classifier. Where a stop is requested, the report is of the images done until then.
     *
     * @param images with labels, which are classes of the classifier
     * @param attacked receives the adversarial examples of each trial and batch; the tensors are freed when it returns
     * @param watch receives the number of images done, each counted once for every trial and once without an attack:
     *     {@link #work}
     * @throws InputException where images have no labels, labels are not the classifier's classes, or it does not
     *     return logits
     */
    public RobustnessReport of(Classifier classifier, ImageSet images, Consumer<AttackedBatch> attacked, Watch watch) {
        if (!images.isLabelled()) {
            throw new InputException(images.name() + " has no labels, which accuracy needs");
        }
        return new Run(classifier, images, attacked, watch).run();
    }

    /**
     * The images to be done, each counted once for every trial and once without an attack: the total that a watch is
     * told.
     */
    public long work(ImageSet images) {
        return Math.multiplyExact((long) images.size(), trials.size() + 1L);
    }

    /** Notes on the threat models for such images, which a report repeats. */
    public List<String> notesOn(ImageSet images) {
        return trials.stream()
                .filter(trial -> trial.threat().allowsAnything(images.dimensions()))
                .map(trial -> trial.label() + ": ε is as large as the box of pixel values, so any image may become any"
                        + " other, and only robust accuracy of at most chance is to be expected"
                        + inLevels(trial.threat()))
                .distinct()
                .toList();
    }

    /** Above 1 in L∞, ε was probably meant in grey levels. */
    private static String inLevels(ThreatModel threat) {
        double epsilon = threat.epsilon();
        boolean levels = threat.norm() == Norm.LINF && epsilon > threat.box().width() && epsilon == Math.rint(epsilon);
        return levels ? "; did you mean " + Math.round(epsilon) + "/255?" : ".";
    }

    /** The random numbers of a trial for the images of a batch. */
    private Draws draws(Trial trial, Batch batch) {
        return Draws.perImage(Seed.of(seed).split("attack").split(trial.attack().name()), batch.indices());
    }

    /** One run over the images, with its counts so far. */
    private final class Run {
        private final Classifier classifier;
        private final ImageSet images;
        private final Consumer<AttackedBatch> attacked;
        private final Watch watch;
        private final List<Predictions> predictions = new ArrayList<>();
        private final List<TrialTally> tallies = new ArrayList<>();
        private int finished;
        private long done;
        private final OutputCheck outputs = new OutputCheck();

        Run(Classifier classifier, ImageSet images, Consumer<AttackedBatch> attacked, Watch watch) {
            this.classifier = classifier;
            this.images = images;
            this.attacked = attacked;
            this.watch = watch;
            for (Trial trial : trials) {
                tallies.add(new TrialTally(trial, images.size()));
            }
        }

        RobustnessReport run() {
            tellProgress();
            var batches = Batches.of(images, batchSize).iterator();
            while (batches.hasNext()) {
                // A scope for each batch, so that memory does not grow with the number of images.
                try (var scope = Scope.withoutGradients()) {
                    evaluate(batches.next());
                }
                if (batches.hasNext() && watch.stopRequested()) {
                    break;
                }
            }
            Predictions clean = Predictions.joined(predictions);
            return new RobustnessReport(
                    clean.correct(Arrays.copyOf(images.labels(), finished)),
                    clean.classes(),
                    tallies.stream().map(tally -> tally.report(finished)).toList(),
                    finished == images.size(),
                    notesOn(images),
                    checks());
        }

        private void evaluate(Batch batch) {
            Tensor pixels = batch.pixels(device);
            Tensor labels = batch.labels().to(device);
            Predictions clean = predict(pixels, batch);
            if (finished == 0) {
                classifier.evaluating(() -> outputs.compare(classifier, pixels));
            }
            predictions.add(clean);
            advance(batch);
            for (int t = 0; t < trials.size(); t++) {
                try (var scope = Scope.open()) {
                    AttackResult result = attack(tallies.get(t), batch, pixels, labels);
                    outputs.again(Arrays.equals(clean.classes(), result.cleanPrediction()));
                    attacked.accept(new AttackedBatch(t, pixels, labels, batch.indices(), result));
                }
                advance(batch);
            }
            finished += batch.size();
        }

        private AttackResult attack(TrialTally tally, Batch batch, Tensor pixels, Tensor labels) {
            Trial trial = tally.trial();
            long[] classes = Arrays.stream(batch.labels().toLongs())
                    .map(label -> trial.classes().applyAsInt(Math.toIntExact(label)))
                    .toArray();
            Tensor targets = Tensor.of(classes, classes.length).to(device);
            try (Draws draws = draws(trial, batch)) {
                long start = System.nanoTime();
                AttackResult result = new AttackRun(classifier, trial.threat(), trial.criterion())
                        .of(trial.attack(), pixels, labels, targets, draws, tally.cost());
                tally.add(finished, result, System.nanoTime() - start);
                classifier.evaluating(() -> tally.rounding.add(classifier, result, labels));
                return result;
            }
        }

        private Predictions predict(Tensor pixels, Batch batch) {
            Tensor logits = Predictions.logits(classifier, pixels);
            requireClasses(batch, logits.size(1));
            outputs.add(logits, batch.labels().to(device));
            return Predictions.of(logits);
        }

        private void requireClasses(Batch batch, long classes) {
            for (long label : batch.labels().toLongs()) {
                if (label >= classes) {
                    throw new InputException(
                            images.name() + " has the label " + label + "; the classifier has the classes 0 to "
                                    + (classes - 1) + ": was it trained on other data?");
                }
            }
        }

        private void advance(Batch batch) {
            done += batch.size();
            tellProgress();
        }

        private void tellProgress() {
            watch.progress("attacking", done, work(images));
        }

        private List<Check> checks() {
            List<Check> checks = new ArrayList<>(outputs.checks());
            tallies.forEach(tally -> checks.addAll(tally.checks(finished)));
            return Check.byName(checks);
        }
    }

    /** The counts of one trial. */
    private static final class TrialTally {
        private static final int SHOWN = 10;

        private final Trial trial;
        private final boolean[] robust;
        private final int[] predictions;
        private final Cost cost = new Cost();
        private final List<Integer> withoutGradient = new ArrayList<>();
        private final List<Integer> withoutLogits = new ArrayList<>();
        private final List<Integer> lost = new ArrayList<>();
        private final RoundingCheck rounding;
        private double maxPerturbation;
        private long nanos;

        TrialTally(Trial trial, int images) {
            this.trial = trial;
            rounding = new RoundingCheck(trial);
            robust = new boolean[images];
            predictions = new int[images];
        }

        Trial trial() {
            return trial;
        }

        Cost cost() {
            return cost;
        }

        void add(int from, AttackResult result, long nanosTaken) {
            for (int i = 0; i < result.correct().length; i++) {
                robust[from + i] = result.isRobust(i);
                predictions[from + i] = result.adversarialPrediction()[i];
                maxPerturbation = Math.max(maxPerturbation, result.size()[i]);
            }
            note(result.withoutGradient(), from, withoutGradient);
            note(result.withoutLogits(), from, withoutLogits);
            note(result.lost(), from, lost);
            nanos += nanosTaken;
        }

        private static void note(int[] positions, int from, List<Integer> images) {
            Arrays.stream(positions).map(position -> from + position).forEach(images::add);
        }

        List<Check> checks(int finished) {
            List<Check> checks = new ArrayList<>();
            if (trial.attack().knowledge() == Knowledge.GRADIENTS) {
                checks.add(check(
                        "gradients",
                        withoutGradient,
                        finished,
                        "a gradient with respect to the pixels that is NaN or infinite",
                        "the attack made no step there",
                        "Find where the model divides by zero, or takes the root or logarithm of it: at these images"
                                + " robust accuracy is overestimated."));
            }
            checks.add(check(
                    "nan-logits",
                    withoutLogits,
                    finished,
                    "logits of a perturbed image that are NaN or infinite",
                    "the attack went no further there",
                    "Find where the model overflows or divides by zero: these images were not attacked to the end."));
            checks.add(check(
                    "lost-success",
                    lost,
                    finished,
                    "a perturbation that met the goal and was not returned",
                    "the attack found more adversarial examples than are counted",
                    "Let the attack return the first perturbation that meets the goal, not the last."));
            checks.add(rounding.check());
            return checks;
        }

        private Check check(String name, List<Integer> images, int finished, String what, String so, String advice) {
            String saw = trial.label() + ": " + what + " at " + images.size() + " of " + finished + " images";
            if (images.isEmpty()) {
                return Check.passed(name, saw);
            }
            List<Integer> shown = images.subList(0, Math.min(images.size(), SHOWN));
            return new Check(
                    name,
                    true,
                    saw + " (" + shown.stream().map(Object::toString).collect(Collectors.joining(", "))
                            + (shown.size() < images.size() ? ", …" : "") + ", counted from 0); " + so,
                    advice);
        }

        TrialReport report(int finished) {
            return new TrialReport(
                    trial,
                    Arrays.copyOf(robust, finished),
                    Arrays.copyOf(predictions, finished),
                    maxPerturbation,
                    cost.forwardPasses(),
                    cost.backwardPasses(),
                    nanos / 1e9);
        }
    }
}
