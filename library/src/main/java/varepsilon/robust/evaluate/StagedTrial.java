package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
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
import varepsilon.robust.attack.Stage;
import varepsilon.robust.attack.StageResult;
import varepsilon.robust.attack.StagedAttack;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * A trial whose attack has stages: each runs, in full batches, on all images that are left before the next begins.
 * Where the criterion is not met, the reported image is the unperturbed one.
 */
final class StagedTrial {
    private final Trial trial;
    private final Classifier classifier;
    private final ImageSet images;
    private final int[] predictions;
    private final boolean[] correct;
    private final int batchSize;
    private final Seed seed;
    private final Device device;
    private final boolean[] robust;
    private final int[] predictionsAfter;
    private final boolean[] met;
    private final double[] size;
    private final Map<Integer, float[]> adversarial = new HashMap<>();
    private final List<StageResult> done = new ArrayList<>();
    private final StagedAttack.Schedule schedule;
    private final int open;
    private int[] left;
    private final Observer observer;

    /** Receives the result of each batch of each stage. */
    interface Observer {
        /**
         * A result.
         *
         * @param which images these are
         * @param labels INT64, theirs
         */
        void observe(AttackResult result, int[] which, Tensor labels);
    }

    /**
     * @param predictions without an attack, by image
     * @param open which images do not meet the criterion without an attack
     * @param seed of the attack
     */
    StagedTrial(
            Trial trial,
            Classifier classifier,
            ImageSet images,
            int[] predictions,
            int[] open,
            int batchSize,
            Seed seed,
            Device device,
            Observer observer) {
        this.observer = observer;
        this.trial = trial;
        this.classifier = classifier;
        this.images = images;
        this.predictions = predictions;
        this.correct = new Predictions(predictions).correct(Arrays.copyOf(images.labels(), predictions.length));
        this.batchSize = batchSize;
        this.seed = seed;
        this.device = device;
        this.robust = correct.clone();
        this.predictionsAfter = predictions.clone();
        this.met = new boolean[predictions.length];
        Arrays.fill(met, true);
        for (int image : open) {
            met[image] = false;
        }
        this.size = new double[predictions.length];
        this.open = open.length;
        this.left = open;
        this.schedule = ((StagedAttack) trial.attack()).schedule(trial.threat().norm());
    }

    /** Runs the stages until the schedule, its budget or a stop ends them; whether no stop did. */
    boolean run(Watch watch) {
        while (left.length > 0 && !watch.stopRequested()) {
            Optional<Stage> next = schedule.next(done);
            if (next.isEmpty()) {
                return true;
            }
            done.add(run(next.get(), watch));
        }
        if (left.length == 0) {
            return true;
        }
        // Throws where partial results are not wanted.
        watch.progress(trial.attack().name(), open - left.length, open);
        return false;
    }

    private StageResult run(Stage stage, Watch watch) {
        Trial part = new Trial(stage.attack(), trial.threat(), trial.criterion(), trial.classes());
        Cost cost = new Cost(watch::stopRequested);
        long start = System.nanoTime();
        String what = trial.attack().name() + ", stage " + (done.size() + 1) + " (" + stage.name() + ")";
        int tried = 0;
        var batches = Batches.of(images.subset(left), batchSize).iterator();
        watch.progress(what, 0, left.length);
        while (batches.hasNext() && !watch.stopRequested() && isAffordable(cost, start)) {
            try (var scope = Scope.withoutGradients()) {
                Batch batch = batches.next();
                int[] rows =
                        Arrays.stream(batch.indices()).map(index -> left[index]).toArray();
                attack(part, stage, batch, rows, cost);
                tried += batch.size();
            } catch (StoppedException e) {
                break; // The batches before it count.
            }
            watch.progress(what, tried, left.length);
        }
        int before = left.length;
        left = Arrays.stream(left).filter(image -> !met[image]).toArray();
        return new StageResult(
                stage,
                before,
                tried,
                before - left.length,
                cost.forwardPasses(),
                cost.backwardPasses(),
                (System.nanoTime() - start) / 1e9);
    }

    private boolean isAffordable(Cost cost, long start) {
        long passes = cost.forwardPasses() + cost.backwardPasses();
        return passes < schedule.passesLeft(done) && (System.nanoTime() - start) / 1e9 < schedule.secondsLeft(done);
    }

    private void attack(Trial part, Stage stage, Batch batch, int[] rows, Cost cost) {
        Tensor pixels = batch.pixels(device);
        Tensor labels = batch.labels().to(device);
        try (Draws whole = Draws.perImage(seed, rows)) {
            AttackResult result = new AttackRun(classifier, part.threat(), part.criterion())
                    .of(part.attack(), pixels, labels, part.targets(batch, device), whole.split(stage.name()), cost);
            for (int i = 0; i < rows.length; i++) {
                int image = rows[i];
                boolean lost = robust[image] && !result.isRobust(i);
                robust[image] &= result.isRobust(i);
                met[image] |= result.met()[i];
                if (result.met()[i] || lost) {
                    predictionsAfter[image] = result.adversarialPrediction()[i];
                    size[image] = result.size()[i];
                    adversarial.put(image, result.adversarial().narrow(0, i, 1).toFloats());
                }
            }
            observer.observe(result, rows, labels);
        }
    }

    /** Passes the results on, batch by batch in the order of the images. */
    void forward(int index, Consumer<AttackedBatch> attacked) {
        int n = predictions.length;
        if (n == 0) {
            return;
        }
        var batches = Batches.of(images.limit(n), batchSize).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.withoutGradients()) {
                Batch batch = batches.next();
                Tensor pixels = batch.pixels(device);
                Tensor found = pixels.copy();
                for (int i = 0; i < batch.size(); i++) {
                    float[] values = adversarial.get(batch.indices()[i]);
                    if (values != null) {
                        long[] shape = pixels.shape();
                        shape[0] = 1;
                        found.narrow(0, i, 1)
                                .copyInPlace(Tensor.of(values, shape).to(device));
                    }
                }
                AttackResult result = new AttackResult(
                        found,
                        pick(predictions, batch),
                        pick(predictionsAfter, batch),
                        pick(correct, batch),
                        pick(met, batch),
                        Arrays.stream(batch.indices()).mapToDouble(i -> size[i]).toArray(),
                        new int[0],
                        new int[0],
                        new int[0]);
                attacked.accept(new AttackedBatch(index, pixels, batch.labels().to(device), batch.indices(), result));
            }
        }
    }

    private static int[] pick(int[] values, Batch batch) {
        return Arrays.stream(batch.indices()).map(i -> values[i]).toArray();
    }

    private static boolean[] pick(boolean[] values, Batch batch) {
        boolean[] picked = new boolean[batch.size()];
        for (int i = 0; i < picked.length; i++) {
            picked[i] = values[batch.indices()[i]];
        }
        return picked;
    }

    /** An image that no stage was run on counts as robust. */
    Check check() {
        int tried = done.isEmpty() ? 0 : done.get(0).tried();
        String saw = trial.label() + ": its first stage ran on " + tried + " of " + open + " images";
        return tried < open
                ? new Check(
                        "unfinished",
                        true,
                        saw + ", and the others count as robust",
                        "Let it run longer, with more passes or time: this is not the robust accuracy.")
                : Check.passed("unfinished", saw);
    }

    TrialReport report() {
        return new TrialReport(
                trial,
                robust,
                predictionsAfter,
                Arrays.stream(size).max().orElse(0),
                done.stream().mapToLong(StageResult::forwardPasses).sum(),
                done.stream().mapToLong(StageResult::backwardPasses).sum(),
                done.stream().mapToDouble(StageResult::seconds).sum(),
                done,
                left.length == 0 ? List.of() : schedule.untested(done));
    }
}
