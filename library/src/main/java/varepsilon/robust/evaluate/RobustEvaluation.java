package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
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
import varepsilon.robust.attack.StagedAttack;
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
     * Measures a classifier. Where a stop is requested, the report is of the images done until then, which may be none;
     * there is no accuracy then.
     *
     * @param images with labels, which are classes of the classifier
     * @param attacked receives the adversarial examples of each trial and batch; the tensors are freed with the batch
     * @param watch receives the number of images done, each counted once for every trial and once without an attack:
     *     {@link #work}
     * @throws InputException where an attack follows gradients that the classifier does not have, images have no labels,
     *     labels are not the classifier's classes, or it does not return logits
     */
    public RobustnessReport of(Classifier classifier, ImageSet images, Consumer<AttackedBatch> attacked, Watch watch) {
        if (!images.isLabelled()) {
            throw new InputException(images.name() + " has no labels, which accuracy needs");
        }
        trials.forEach(trial -> trial.attack().requireUsableOn(classifier));
        return new Run(classifier, images, attacked, watch).run();
    }

    /**
     * The images to be done, each counted once for every trial and once without an attack: the total that a watch is
     * told. Attacks with stages, which follow, are not among them: each stage reports its own progress.
     */
    public long work(ImageSet images) {
        long whole = trials.stream()
                .filter(trial -> !(trial.attack() instanceof StagedAttack))
                .count();
        return Math.multiplyExact((long) images.size(), whole + 1);
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

    /** A note where a classifier has fewer classes than the DLR loss needs: three, and four towards a target class. */
    private List<String> notesOn(long classes) {
        String instead = classes == 2
                ? "the classifier has 2 classes, so its DLR loss is the margin: it would need a third."
                : "the classifier has 3 classes, so its DLR loss towards a target takes the third for the fourth too.";
        return trials.stream()
                .filter(trial -> trial.attack().leastClasses() > classes)
                .map(trial -> trial.label() + ": " + instead)
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
        return Draws.perImage(seedOf(trial), batch.indices());
    }

    private Seed seedOf(Trial trial) {
        return Seed.of(seed).split("attack").split(trial.attack().name());
    }

    /** One run over the images, with its counts so far. */
    private final class Run {
        private final Classifier classifier;
        private final ImageSet images;
        private final Consumer<AttackedBatch> attacked;
        private final Watch watch;
        private final List<Predictions> predictions = new ArrayList<>();
        private final List<TrialTally> tallies = new ArrayList<>();
        // By trial, the images that do not meet its criterion without an attack: those that its stages attack.
        private final List<IntStream.Builder> open = new ArrayList<>();
        private int finished;
        private long done;
        private long classes = Long.MAX_VALUE; // until the first logits
        private final OutputCheck outputs = new OutputCheck();

        Run(Classifier classifier, ImageSet images, Consumer<AttackedBatch> attacked, Watch watch) {
            this.classifier = classifier;
            this.images = images;
            this.attacked = attacked;
            this.watch = watch;
            for (Trial trial : trials) {
                tallies.add(new TrialTally(trial, images.size(), new Cost(watch::stopRequested)));
                open.add(IntStream.builder());
            }
        }

        RobustnessReport run() {
            tellProgress();
            var batches = Batches.of(images, batchSize).iterator();
            while (batches.hasNext()) {
                // A scope for each batch, so that memory does not grow with the number of images.
                try (var scope = Scope.withoutGradients()) {
                    evaluate(batches.next());
                } catch (StoppedException e) {
                    tellProgress(); // Throws where partial results are not wanted.
                    break;
                }
                if (batches.hasNext() && watch.stopRequested()) {
                    break;
                }
            }
            Predictions clean = Predictions.joined(predictions);
            boolean complete = finished == images.size();
            List<TrialReport> reports = new ArrayList<>();
            List<Check> staged = new ArrayList<>();
            for (int t = 0; t < trials.size(); t++) {
                if (isStaged(t)) {
                    StagedTrial trial = staged(t, clean);
                    complete &= trial.run(watch);
                    trial.forward(t, attacked);
                    reports.add(trial.report());
                    staged.add(trial.check());
                } else {
                    reports.add(tallies.get(t).report(finished));
                }
            }
            List<String> notes = new ArrayList<>(notesOn(images));
            notes.addAll(notesOn(classes));
            return new RobustnessReport(
                    clean.correct(Arrays.copyOf(images.labels(), finished)),
                    clean.classes(),
                    reports,
                    complete,
                    notes,
                    checks(staged));
        }

        private boolean isStaged(int trial) {
            return trials.get(trial).attack() instanceof StagedAttack;
        }

        private StagedTrial staged(int trial, Predictions clean) {
            return new StagedTrial(
                    trials.get(trial),
                    classifier,
                    images,
                    clean.classes(),
                    open.get(trial).build().toArray(),
                    batchSize,
                    seedOf(trials.get(trial)),
                    device,
                    (result, which, labels) -> {
                        int[] before = Arrays.stream(which)
                                .map(i -> clean.classes()[i])
                                .toArray();
                        outputs.again(Arrays.equals(before, result.cleanPrediction()));
                        tallies.get(trial).observe(classifier, result, which, labels);
                    });
        }

        private void evaluate(Batch batch) {
            Tensor pixels = batch.pixels(device);
            Tensor labels = batch.labels().to(device);
            Tensor logits = logits(pixels, batch);
            Predictions clean = Predictions.of(logits);
            if (finished == 0) {
                classifier.evaluating(() -> outputs.compare(classifier, pixels));
            }
            advance(batch);
            List<Attacked> results = new ArrayList<>();
            for (int t = 0; t < trials.size(); t++) {
                if (!isStaged(t)) {
                    results.add(attack(t, batch, pixels, labels));
                    advance(batch);
                }
            }
            // Only now, when no stop can come between: a batch counts as a whole.
            predictions.add(clean);
            for (int t = 0; t < trials.size(); t++) {
                if (isStaged(t)) {
                    addOpen(t, batch, logits);
                }
            }
            results.forEach(one -> count(one, clean, batch, pixels, labels));
            finished += batch.size();
        }

        /** What one trial did to a batch. */
        private record Attacked(int trial, AttackResult result, long nanos) {}

        private Attacked attack(int trial, Batch batch, Tensor pixels, Tensor labels) {
            Trial settings = trials.get(trial);
            try (var scope = Scope.open();
                    Draws draws = draws(settings, batch)) {
                Tensor targets = settings.targets(batch, device);
                long start = System.nanoTime();
                AttackResult result = new AttackRun(classifier, settings.threat(), settings.criterion())
                        .of(
                                settings.attack(),
                                pixels,
                                labels,
                                targets,
                                draws,
                                tallies.get(trial).cost());
                scope.keep(result.adversarial());
                return new Attacked(trial, result, System.nanoTime() - start);
            }
        }

        private void count(Attacked one, Predictions clean, Batch batch, Tensor pixels, Tensor labels) {
            TrialTally tally = tallies.get(one.trial());
            tally.add(finished, one.result(), one.nanos());
            int[] which = IntStream.range(finished, finished + batch.size()).toArray();
            try (var scope = Scope.open()) {
                tally.observe(classifier, one.result(), which, labels);
            }
            outputs.again(Arrays.equals(clean.classes(), one.result().cleanPrediction()));
            attacked.accept(new AttackedBatch(one.trial(), pixels, labels, batch.indices(), one.result()));
        }

        private void addOpen(int trial, Batch batch, Tensor logits) {
            Trial staged = trials.get(trial);
            Tensor met = staged.criterion().isMet(logits, staged.targets(batch, device));
            for (long row : met.not().nonzero().toLongs()) {
                open.get(trial).add(batch.indices()[Math.toIntExact(row)]);
            }
        }

        private Tensor logits(Tensor pixels, Batch batch) {
            Tensor logits = Predictions.logits(classifier, pixels);
            classes = logits.size(1);
            requireClasses(batch);
            outputs.add(logits, batch.labels().to(device));
            return logits;
        }

        private void requireClasses(Batch batch) {
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

        private List<Check> checks(List<Check> staged) {
            List<Check> checks = new ArrayList<>(outputs.checks());
            tallies.forEach(tally -> checks.addAll(tally.checks(finished)));
            checks.addAll(staged);
            return Check.byName(checks);
        }
    }

    /** The counts of one trial. */
    private static final class TrialTally {
        private static final int SHOWN = 10;

        private final Trial trial;
        private final boolean[] robust;
        private final int[] predictions;
        private final Cost cost;
        private final Set<Integer> withoutGradient = new TreeSet<>();
        private final Set<Integer> withoutLogits = new TreeSet<>();
        private final Set<Integer> lost = new TreeSet<>();
        private final RoundingCheck rounding;
        private double maxPerturbation;
        private long nanos;

        TrialTally(Trial trial, int images, Cost cost) {
            this.trial = trial;
            this.cost = cost;
            rounding = new RoundingCheck(trial);
            robust = new boolean[images];
            predictions = new int[images];
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
            nanos += nanosTaken;
        }

        /** What the checks look at. */
        void observe(Classifier classifier, AttackResult result, int[] which, Tensor labels) {
            note(result.withoutGradient(), which, withoutGradient);
            note(result.withoutLogits(), which, withoutLogits);
            note(result.lost(), which, lost);
            classifier.evaluating(() -> rounding.add(classifier, result, labels));
        }

        private static void note(int[] positions, int[] which, Set<Integer> images) {
            Arrays.stream(positions).map(position -> which[position]).forEach(images::add);
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

        private Check check(String name, Set<Integer> images, int finished, String what, String so, String advice) {
            String saw = trial.label() + ": " + what + " at " + images.size() + " of " + finished + " images";
            if (images.isEmpty()) {
                return Check.passed(name, saw);
            }
            List<Integer> shown = images.stream().limit(SHOWN).toList();
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
                    nanos / 1e9,
                    List.of(),
                    List.of());
        }
    }
}
