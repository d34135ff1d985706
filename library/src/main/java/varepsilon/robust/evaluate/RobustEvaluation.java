package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.OutputCheck;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.AttackResult;
import varepsilon.robust.attack.AttackRun;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.StagedAttack;
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
     * told. Attacks with stages, which follow, are not among them: each stage reports its own progress.
     */
    public long work(ImageSet images) {
        long whole = trials.stream()
                .filter(trial -> !(trial.attack() instanceof StagedAttack))
                .count();
        return Math.multiplyExact((long) images.size(), whole + 1);
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
        private final OutputCheck outputs = new OutputCheck();
        private boolean repeatable = true;

        Run(Classifier classifier, ImageSet images, Consumer<AttackedBatch> attacked, Watch watch) {
            this.classifier = classifier;
            this.images = images;
            this.attacked = attacked;
            this.watch = watch;
            for (Trial trial : trials) {
                tallies.add(new TrialTally(trial, images.size()));
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
                }
                if (batches.hasNext() && watch.stopRequested()) {
                    break;
                }
            }
            Predictions clean = Predictions.joined(predictions);
            boolean complete = finished == images.size();
            List<TrialReport> reports = new ArrayList<>();
            for (int t = 0; t < trials.size(); t++) {
                if (isStaged(t)) {
                    StagedTrial staged = staged(t, clean);
                    complete &= staged.run(watch);
                    staged.forward(t, attacked);
                    repeatable &= staged.isRepeatable();
                    tallies.get(t).withoutGradient.addAll(staged.withoutGradient());
                    reports.add(staged.report());
                } else {
                    reports.add(tallies.get(t).report(finished));
                }
            }
            return new RobustnessReport(
                    clean.correct(Arrays.copyOf(images.labels(), finished)),
                    clean.classes(),
                    reports,
                    complete,
                    notes());
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
                    device);
        }

        private void evaluate(Batch batch) {
            Tensor pixels = batch.pixels(device);
            Tensor labels = batch.labels().to(device);
            Tensor logits = logits(pixels, batch);
            Predictions clean = Predictions.of(logits);
            if (finished == 0) {
                classifier.evaluating(() -> outputs.compare(classifier, pixels));
            }
            predictions.add(clean);
            advance(batch);
            for (int t = 0; t < trials.size(); t++) {
                if (isStaged(t)) {
                    addOpen(t, batch, logits);
                    continue;
                }
                try (var scope = Scope.open()) {
                    AttackResult result = attack(tallies.get(t), batch, pixels, labels);
                    repeatable &= Arrays.equals(clean.classes(), result.cleanPrediction());
                    attacked.accept(new AttackedBatch(t, pixels, labels, batch.indices(), result));
                }
                advance(batch);
            }
            finished += batch.size();
        }

        private AttackResult attack(TrialTally tally, Batch batch, Tensor pixels, Tensor labels) {
            Trial trial = tally.trial();
            Tensor targets = trial.targets(batch, device);
            try (Draws draws = draws(trial, batch)) {
                long start = System.nanoTime();
                AttackResult result = new AttackRun(classifier, trial.threat(), trial.criterion())
                        .of(trial.attack(), pixels, labels, targets, draws, tally.cost());
                tally.add(finished, result, System.nanoTime() - start);
                return result;
            }
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
            requireClasses(batch, logits.size(1));
            outputs.add(logits, batch.labels().to(device));
            return logits;
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

        private List<String> notes() {
            List<String> notes = new ArrayList<>(outputs.notes());
            if (!repeatable && !outputs.isRandom()) {
                notes.add(OutputCheck.RANDOM);
            }
            for (TrialTally tally : tallies) {
                tally.note().ifPresent(notes::add);
            }
            for (Trial trial : trials) {
                if (trial.threat().allowsAnything(images.dimensions())) {
                    notes.add(trial.label() + ": ε is as large as the box of pixel values, so any image may become any"
                            + " other, and only robust accuracy of at most chance is to be expected.");
                }
            }
            return notes;
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
        private double maxPerturbation;
        private long nanos;

        TrialTally(Trial trial, int images) {
            this.trial = trial;
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
            for (int position : result.withoutGradient()) {
                withoutGradient.add(from + position);
            }
            nanos += nanosTaken;
        }

        Optional<String> note() {
            if (withoutGradient.isEmpty()) {
                return Optional.empty();
            }
            List<Integer> shown = withoutGradient.subList(0, Math.min(withoutGradient.size(), SHOWN));
            return Optional.of(trial.label() + ": at " + withoutGradient.size() + " of " + robust.length + " images ("
                    + shown.stream().map(Object::toString).collect(Collectors.joining(", "))
                    + (shown.size() < withoutGradient.size() ? ", …" : "")
                    + ", counted from 0) the gradient with respect to the pixels is not finite (NaN or infinite);"
                    + " the attack made no step there, so robust accuracy is overestimated.");
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
