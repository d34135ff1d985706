package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.ClassifierGraph;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackResult;
import varepsilon.robust.attack.AttackRun;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.certify.Bound;
import varepsilon.robust.certify.BoundedNetwork;
import varepsilon.robust.certify.Margins;
import varepsilon.robust.certify.Relaxation;
import varepsilon.robust.evaluate.TwoSidedReport.Status;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Bounds robust accuracy from both sides, image by image, cheap methods first: an attack, bounds from the loosest to the
 * tightest, a stronger attack, and branch and bound. An image leaves as soon as it is decided. Certified images are
 * attacked once more, with other random numbers: one that breaks shows a defect, and ends the evaluation.
 *
 * @param threat the allowed perturbations
 * @param first the attack before any bound; null for none
 * @param bounds in the order in which they are tried; those that {@link Bound#isSearch search} come after the stronger attack
 * @param second the attack on images that bounds leave open; null for none
 * @param batchSize images that are bounded at once, at least 1
 * @param seed of the attacks' random numbers
 * @param device of the classifier
 */
public record TwoSidedEvaluation(
        ThreatModel threat, Attack first, List<Bound> bounds, Attack second, int batchSize, long seed, Device device) {
    /** Images that are attacked at once; where a stop is requested, those that are not done with are left out. */
    private static final int AT_ONCE = 16;

    /** A margin counts as positive beyond this share of the logits: what single precision makes of them. */
    private static final double ROUNDING = 1e-5;

    /** Copies the list and rejects a batch size below 1. */
    public TwoSidedEvaluation {
        bounds = List.copyOf(bounds);
        if (batchSize < 1) {
            throw new InputException("batch size " + batchSize + ": expected at least 1");
        }
        if (bounds.isEmpty()) {
            throw new InputException("no bounds: expected at least one");
        }
    }

    /**
     * Evaluates a classifier. Where a stop is requested, the report is of the images done until then.
     *
     * @param images with labels, which are classes of the classifier
     * @param watch receives the number of images done
     * @throws InputException where the classifier has an operation without a bound, or images have no labels
     * @throws UnsoundBoundException where an image is certified and broken
     */
    public TwoSidedReport of(Classifier classifier, ImageSet images, Watch watch) {
        return of(classifier, images, new boolean[images.size()], watch);
    }

    /**
     * The same where attacks have gone before.
     *
     * @param broken by image, whether one is known to break in this threat model
     * @see #of(Classifier, ImageSet, Watch)
     */
    public TwoSidedReport of(Classifier classifier, ImageSet images, boolean[] broken, Watch watch) {
        if (broken.length != images.size()) {
            throw new IllegalArgumentException(broken.length + " numbers for " + images.size() + " images");
        }
        if (!images.isLabelled()) {
            throw new InputException(images.name() + " has no labels, which accuracy needs");
        }
        try (var scope = Scope.withoutGradients();
                ClassifierGraph graph =
                        ClassifierGraph.of(classifier, images.channels(), images.height(), images.width());
                BoundedNetwork network =
                        BoundedNetwork.of(graph.graph(), images.channels(), images.height(), images.width())) {
            return new Run(classifier, network, broken, watch).of(images);
        }
    }

    /**
     * Checks, before long work, that bounds of a classifier are known.
     *
     * @throws InputException where it has an operation without a bound, or its operations are not known
     */
    public static void requireBounded(Classifier classifier, ImageSet images) {
        try (var scope = Scope.withoutGradients();
                ClassifierGraph graph =
                        ClassifierGraph.of(classifier, images.channels(), images.height(), images.width())) {
            BoundedNetwork.of(graph.graph(), images.channels(), images.height(), images.width())
                    .close();
        }
    }

    private final class Run {
        private final Classifier classifier;
        private final BoundedNetwork network;
        private final boolean[] broken;
        private final Watch watch;
        private final Map<String, TwoSidedReport.Stage> stages = new LinkedHashMap<>();
        private final List<TwoSidedReport.Image> done = new ArrayList<>();

        Run(Classifier classifier, BoundedNetwork network, boolean[] broken, Watch watch) {
            this.classifier = classifier;
            this.network = network;
            this.broken = broken;
            this.watch = watch;
        }

        TwoSidedReport of(ImageSet images) {
            watch.progress("certifying", 0, images.size());
            for (Batch batch : Batches.of(images, Math.max(AT_ONCE, batchSize))) {
                if (watch.stopRequested()) {
                    break;
                }
                try (var scope = Scope.withoutGradients()) {
                    new Group(batch, images.size()).run();
                } catch (StoppedException e) {
                    // In the midst of an attack.
                    break;
                }
            }
            return new TwoSidedReport(threat, done, List.copyOf(stages.values()), done.size() == images.size());
        }

        /** The images of a batch. */
        private final class Group {
            private final Batch batch;
            private final int all;
            private final Tensor pixels;
            private final int[] labels;
            private final double[] tolerance;
            private final int classes;
            private final Status[] status;
            private final String[] decidedBy;
            private final double[] margin;
            private final double[] spent;
            private final List<TwoSidedReport.Stage> ran = new ArrayList<>();

            Group(Batch batch, int all) {
                this.batch = batch;
                this.all = all;
                this.pixels = batch.pixels(device);
                this.labels = Arrays.stream(batch.labels().toLongs())
                        .mapToInt(Math::toIntExact)
                        .toArray();
                Tensor logits = Predictions.logits(classifier, pixels);
                this.classes = (int) logits.size(1);
                if (network.outputs() != classes) {
                    throw new InputException(
                            "the model gives " + network.outputs() + " number for an image, from which " + classes
                                    + " logits are made; expected a logit for each class, to bound them");
                }
                this.tolerance = logits.abs().amax(1).add(1).mul(ROUNDING).toDoubles();
                boolean[] correct = Predictions.of(logits).correct(labels);
                this.status = new Status[labels.length];
                this.decidedBy = new String[labels.length];
                this.margin = new double[labels.length];
                this.spent = new double[labels.length];
                Arrays.fill(margin, Double.NaN);
                for (int i = 0; i < labels.length; i++) {
                    boolean known = correct[i] && broken[batch.indices()[i]];
                    status[i] = known ? Status.BROKEN : correct[i] ? Status.OPEN : Status.MISCLASSIFIED;
                    decidedBy[i] = known ? "before" : correct[i] ? "" : "prediction";
                }
            }

            void run() {
                attack(first, "first", Status.OPEN);
                bound(bounds.stream().filter(bound -> !bound.isSearch()).toList(), batchSize);
                attack(second, "second", Status.OPEN);
                bound(bounds.stream().filter(Bound::isSearch).toList(), 1);
                attack(first, "check", Status.CERTIFIED);
                if (watch.stopRequested()) {
                    // What is undecided in this group was not tried to the end, and what is decided is no fair sample.
                    return;
                }
                for (int i = 0; i < labels.length; i++) {
                    done.add(new TwoSidedReport.Image(
                            batch.indices()[i], labels[i], status[i], decidedBy[i], margin[i], spent[i]));
                }
                ran.forEach(stage -> stages.merge(stage.name(), stage, TwoSidedReport.Stage::and));
                progress();
            }

            private void progress() {
                long decided =
                        Arrays.stream(status).filter(one -> one != Status.OPEN).count();
                boolean whole =
                        !done.isEmpty() && done.get(done.size() - 1).index() == batch.indices()[labels.length - 1];
                watch.progress("certifying", whole ? done.size() : done.size() + decided, all);
            }

            private void count(String name, int tried, int decided, long since) {
                ran.add(new TwoSidedReport.Stage(name, tried, decided, (System.nanoTime() - since) / 1e9));
            }

            private int[] of(Status wanted) {
                return IntStream.range(0, labels.length)
                        .filter(i -> status[i] == wanted)
                        .toArray();
            }

            private Tensor rows(int... indices) {
                return Tensor.of(Arrays.stream(indices).asLongStream().toArray(), indices.length)
                        .to(device);
            }

            /** Attacks the images of a status: open ones may break, certified ones must not. */
            private void attack(Attack attack, String use, Status attacked) {
                int[] tried = of(attacked);
                if (attack == null || tried.length == 0 || watch.stopRequested()) {
                    return;
                }
                long start = System.nanoTime();
                Seed stream = Seed.of(seed).split("attack").split(attack.name()).split(use);
                int[] numbers =
                        Arrays.stream(tried).map(i -> batch.indices()[i]).toArray();
                try (var scope = Scope.withoutGradients();
                        Draws draws = Draws.perImage(stream, numbers)) {
                    Tensor rows = rows(tried);
                    Tensor images = pixels.indexSelect(0, rows);
                    Tensor of = batch.labels().to(device).indexSelect(0, rows);
                    AttackResult result = AttackRun.untargeted(classifier, threat)
                            .of(attack, images, of, of, draws, new Cost(watch::stopRequested));
                    int broken = 0;
                    for (int i = 0; i < tried.length; i++) {
                        if (result.isRobust(i)) {
                            continue;
                        }
                        if (attacked == Status.CERTIFIED) {
                            throw unsound(
                                    tried[i], images, i, result.adversarial().narrow(0, i, 1));
                        }
                        status[tried[i]] = Status.BROKEN;
                        decidedBy[tried[i]] = attack.name();
                        broken++;
                    }
                    count(
                            attacked == Status.CERTIFIED ? attack.name() + " (check)" : attack.name(),
                            tried.length,
                            broken,
                            start);
                }
                progress();
            }

            private UnsoundBoundException unsound(int at, Tensor images, int row, Tensor adversarial) {
                Tensor image = images.narrow(0, row, 1);
                return new UnsoundBoundException(
                        "image " + batch.indices()[at] + " is certified by " + decidedBy[at] + " at ε = "
                                + threat.epsilon() + " in " + threat.norm().label() + ", with a margin of at least "
                                + margin[at] + ", and a perturbation of "
                                + threat.norm().length(adversarial.sub(image)).item()
                                + " changes its class: a defect, please report it",
                        batch.indices()[at],
                        image.toFloats(),
                        adversarial.toFloats());
            }

            private void bound(List<Bound> methods, int atOnce) {
                int[] tried = of(Status.OPEN);
                for (int from = 0; from < tried.length && !methods.isEmpty(); from += atOnce) {
                    if (watch.stopRequested()) {
                        return;
                    }
                    try (var scope = Scope.withoutGradients()) {
                        bound(methods, Arrays.copyOfRange(tried, from, Math.min(tried.length, from + atOnce)));
                    }
                    progress();
                }
            }

            /** Whether what a method has met for these images is misclassified. */
            private boolean[] breaks(Bound.Found found, int... images) {
                boolean[] breaks = new boolean[images.length];
                if (found.candidates() != null) {
                    int[] of = Arrays.stream(images).map(i -> labels[i]).toArray();
                    boolean[] correct = Predictions.of(Predictions.logits(classifier, found.candidates()))
                            .correct(of);
                    for (int i = 0; i < breaks.length; i++) {
                        breaks[i] = !correct[i];
                    }
                }
                return breaks;
            }

            private void bound(List<Bound> methods, int... images) {
                int[] left = images;
                Tensor rows = rows(left);
                Relaxation relaxation = Relaxation.of(network, pixels.indexSelect(0, rows), threat);
                for (Bound method : methods) {
                    if (left.length == 0) {
                        return;
                    }
                    long start = System.nanoTime();
                    Tensor of = batch.labels().to(device).indexSelect(0, rows(left));
                    Tensor functions = Margins.of(of, classes, DType.FLOAT32);
                    Bound.Found found = method.untilOneFails().bound(relaxation, functions, watch);
                    double[] least = found.lower().neg().amax(1).neg().toDoubles();
                    boolean[] breaks = breaks(found, left);
                    List<Integer> open = new ArrayList<>();
                    for (int i = 0; i < left.length; i++) {
                        int image = left[i];
                        margin[image] = Double.isNaN(margin[image]) ? least[i] : Math.max(margin[image], least[i]);
                        spent[image] += (System.nanoTime() - start) / 1e9 / left.length;
                        if (least[i] > tolerance[image] && breaks[i]) {
                            decidedBy[image] = Family.nameOf(method);
                            throw unsound(
                                    image, pixels, image, found.candidates().narrow(0, i, 1));
                        } else if (least[i] > tolerance[image]) {
                            status[image] = Status.CERTIFIED;
                            decidedBy[image] = Family.nameOf(method);
                        } else if (breaks[i]) {
                            status[image] = Status.BROKEN;
                            decidedBy[image] = Family.nameOf(method);
                        } else {
                            open.add(i);
                        }
                    }
                    count(Family.nameOf(method), left.length, left.length - open.size(), start);
                    long[] kept = open.stream().mapToLong(Integer::longValue).toArray();
                    relaxation =
                            found.relaxation().at(Tensor.of(kept, kept.length).to(device));
                    int[] before = left;
                    left = open.stream().mapToInt(i -> before[i]).toArray();
                }
            }
        }
    }
}
