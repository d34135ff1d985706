package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.AttackRun;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.MinimumAttack;
import varepsilon.robust.attack.MinimumResult;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Measures how large a perturbation must be to change what a classifier predicts: several minimum-norm attacks in one
 * norm, of which each image counts its smallest. For each image, an attack's random numbers depend on the seed, the
 * attack's name and the image's index alone.
 *
 * @param attacks at least one, all of which have the norm
 * @param norm in which perturbations are small
 * @param batchSize images at once, at least 1
 * @param seed of all random starts and noise
 * @param device of the classifier
 */
public record MinimumEvaluation(List<MinimumAttack> attacks, Norm norm, int batchSize, long seed, Device device) {
    /** Copies the list, and rejects an empty one and a batch size below 1. */
    public MinimumEvaluation {
        attacks = List.copyOf(attacks);
        Objects.requireNonNull(norm, "norm");
        Objects.requireNonNull(device, "device");
        if (attacks.isEmpty()) {
            throw new InputException("no attack: expected at least one that searches for the smallest perturbation");
        }
        if (batchSize < 1) {
            throw new InputException("batch size " + batchSize + ": expected at least 1");
        }
    }

    /** Measures a classifier, without progress. */
    public MinimumReport of(Classifier classifier, ImageSet images) {
        return of(classifier, images, Watch.NONE);
    }

    /**
     * Measures a classifier. Where a stop is requested, the report is of the images done until then, which may be none;
     * there is no accuracy then.
     *
     * @param images with labels, which are classes of the classifier
     * @param watch receives the number of images done, each counted once for every attack: {@link #work}
     * @throws InputException where an attack follows gradients that the classifier does not have, images have no labels,
     *     labels are not the classifier's classes, an attack has not the norm, or the classifier does not return logits
     */
    public MinimumReport of(Classifier classifier, ImageSet images, Watch watch) {
        if (!images.isLabelled()) {
            throw new InputException(images.name() + " has no labels, which accuracy needs");
        }
        attacks.forEach(attack -> attack.requireUsableOn(classifier));
        List<Tally> tallies = new ArrayList<>();
        for (MinimumAttack attack : attacks) {
            tallies.add(new Tally(attack, images.size(), new Cost(watch::stopRequested)));
        }
        boolean[] correct = new boolean[images.size()];
        AttackRun run = AttackRun.untargeted(classifier, ThreatModel.of(norm, 0));
        int finished = 0;
        long done = 0;
        watch.progress("attacking", done, work(images));
        var batches = Batches.of(images, batchSize).iterator();
        while (batches.hasNext()) {
            // A scope for each batch, so that memory does not grow with the number of images.
            try (var scope = Scope.withoutGradients()) {
                Batch batch = batches.next();
                Tensor pixels = batch.pixels(device);
                Tensor labels = batch.labels().to(device);
                List<MinimumResult> results = new ArrayList<>();
                for (Tally tally : tallies) {
                    try (var inner = Scope.open();
                            Draws draws = draws(tally.attack, batch)) {
                        long start = System.nanoTime();
                        results.add(run.minimum(tally.attack, pixels, labels, labels, draws, tally.cost));
                        tally.nanos += System.nanoTime() - start;
                    }
                    done += batch.size();
                    watch.progress("attacking", done, work(images));
                }
                // Only now, when no stop can come between: a batch counts as a whole.
                for (int i = 0; i < tallies.size(); i++) {
                    tallies.get(i).add(finished, results.get(i));
                    System.arraycopy(results.get(i).correct(), 0, correct, finished, batch.size());
                }
                finished += batch.size();
            } catch (StoppedException e) {
                watch.progress("attacking", done, work(images)); // Throws where partial results are not wanted.
                break;
            }
            if (batches.hasNext() && watch.stopRequested()) {
                break;
            }
        }
        int count = finished;
        return MinimumReport.of(
                norm,
                Arrays.copyOf(correct, count),
                tallies.stream().map(tally -> tally.measured(count)).toList(),
                count == images.size(),
                tallies.stream().flatMap(tally -> tally.notes(count).stream()).toList());
    }

    /** The images to be done, each counted once for every attack: the total that a watch is told. */
    public long work(ImageSet images) {
        return Math.multiplyExact((long) images.size(), (long) attacks.size());
    }

    private Draws draws(MinimumAttack attack, Batch batch) {
        return Draws.perImage(Seed.of(seed).split("attack").split(attack.name()), batch.indices());
    }

    /** The results of one attack so far. */
    private static final class Tally {
        private final MinimumAttack attack;
        private final double[] sizes;
        private final Cost cost;
        private int withoutGradient;
        private int withoutLogits;
        private long nanos;

        Tally(MinimumAttack attack, int images, Cost cost) {
            this.attack = attack;
            this.cost = cost;
            sizes = new double[images];
        }

        void add(int from, MinimumResult result) {
            System.arraycopy(result.size(), 0, sizes, from, result.size().length);
            withoutGradient += result.withoutGradient().length;
            withoutLogits += result.withoutLogits().length;
        }

        MinimumReport.Measured measured(int finished) {
            return new MinimumReport.Measured(
                    attack, Arrays.copyOf(sizes, finished), cost.forwardPasses(), cost.backwardPasses(), nanos / 1e9);
        }

        List<String> notes(int finished) {
            List<String> notes = new ArrayList<>();
            if (withoutGradient > 0) {
                notes.add(attack.name() + ": at " + withoutGradient + " of " + finished + " images the gradient with"
                        + " respect to the pixels is not finite (NaN or infinite) somewhere on the way; the attack used"
                        + " zero there, so the perturbations found may be larger than necessary.");
            }
            if (withoutLogits > 0) {
                notes.add(attack.name() + ": near " + withoutLogits + " of " + finished + " images the logits are not"
                        + " finite (NaN or infinite); no success was counted there, so the perturbations found may be"
                        + " larger than necessary.");
            }
            return notes;
        }
    }
}
