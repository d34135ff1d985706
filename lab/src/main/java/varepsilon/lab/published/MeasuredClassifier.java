package varepsilon.lab.published;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Architecture;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.Normalisation;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** A trained classifier and its accuracy, also as the published experiment counted it. */
public final class MeasuredClassifier implements AutoCloseable {
    private static final int BATCH_SIZE = 128;

    private final ClassifierFile file;
    private final Normalisation normalisation;
    private final Device device;

    private MeasuredClassifier(ClassifierFile file, Normalisation normalisation, Device device) {
        this.file = file;
        this.normalisation = normalisation;
        this.device = device;
    }

    /** A change of the images before they are classified. */
    public sealed interface Measurement {
        /** Its name in results. */
        String name();

        /** No change. */
        record Clean(String name) implements Measurement {}

        /** The clamp of the normalised image to [0, 1], without an attack. */
        record ClampAlone(String name) implements Measurement {}

        /**
         * An attack with defects of the published experiment; misclassified images are attacked too and may become
         * correctly classified.
         *
         * @param defects by label
         */
        record AsRun(String name, AttackSpec attack, List<String> defects) implements Measurement {}

        /** An attack of the library: images count as correct where they are correctly classified before and after. */
        record AsMeant(String name, AttackSpec attack) implements Measurement {}
    }

    /**
     * Reads a classifier.
     *
     * @param weights a file, or a run directory
     * @throws InputException where it is none, or its normalisation is not known
     */
    public static MeasuredClassifier read(Path weights, Device device) throws IOException {
        ClassifierFile file = ClassifierFile.read(weights, device);
        try {
            Normalisation normalisation = file.architecture()
                    .map(Architecture::normalisation)
                    .orElseThrow(() -> new InputException(
                            weights + ": a program whose normalisation is not known; expected weights"));
            return new MeasuredClassifier(file, normalisation, device);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Whether it classifies each image correctly after a measurement.
     *
     * @param seed of the attack's random numbers
     * @param progress receives the number of images done, and may throw to stop
     */
    public boolean[] correct(Measurement measurement, ImageSet images, long seed, LongConsumer progress) {
        file.requireFits(images);
        if (measurement instanceof Measurement.AsMeant asMeant) {
            return asMeant(asMeant, images, seed, progress);
        }
        try (Rng rng = Seed.of(seed).stream()) {
            return each(images, progress, change(measurement, rng));
        }
    }

    /**
     * Images after a measurement, and their predictions.
     *
     * @param pixels N·C·H·W in [0, 1]
     * @param predictions a class for each
     */
    public record Changed(float[] pixels, int[] predictions) {}

    /** Applies a measurement to a few images, which fit into one batch. */
    public Changed changed(Measurement measurement, ImageSet images, long seed) {
        file.requireFits(images);
        try (var scope = Scope.withoutGradients();
                Rng rng = Seed.of(seed).stream()) {
            Batch batch = Batches.of(images, images.size()).iterator().next();
            Tensor pixels = batch.pixels(device);
            Tensor labels = batch.labels().to(device);
            Tensor changed = change(measurement, rng).of(pixels, labels);
            return new Changed(
                    changed.toFloats(),
                    Predictions.of(file.classifier().logits(changed)).classes());
        }
    }

    private Change change(Measurement measurement, Rng rng) {
        if (measurement instanceof Measurement.Clean) {
            return (pixels, labels) -> pixels;
        }
        if (measurement instanceof Measurement.ClampAlone) {
            return (pixels, labels) -> PublishedAttack.clampedOnly(pixels, normalisation);
        }
        if (measurement instanceof Measurement.AsRun asRun) {
            Attack attack = PublishedAttack.of(asRun.attack(), asRun.defects(), normalisation);
            return perturbing(attack, asRun.attack().threatModel(), rng);
        }
        AttackSpec meant = ((Measurement.AsMeant) measurement).attack();
        return perturbing(meant.attack(), meant.threatModel(), rng);
    }

    private Change perturbing(Attack attack, ThreatModel threat, Rng rng) {
        return (pixels, labels) -> {
            Problem problem = Problem.ofTraining(file.classifier(), pixels, labels, threat, new Cost());
            return pixels.add(attack.perturb(problem, Draws.shared(rng))).clamp(0, 1);
        };
    }

    private boolean[] asMeant(Measurement.AsMeant asMeant, ImageSet images, long seed, LongConsumer progress) {
        Trial trial =
                Trial.untargeted(asMeant.attack().attack(), asMeant.attack().threatModel());
        Watch watch = (what, done, all) -> progress.accept(done * images.size() / all);
        RobustnessReport report =
                new RobustEvaluation(List.of(trial), BATCH_SIZE, seed, device).of(file.classifier(), images, watch);
        return report.worstCase();
    }

    /** Changes a batch. */
    private interface Change {
        Tensor of(Tensor pixels, Tensor labels);
    }

    private boolean[] each(ImageSet images, LongConsumer progress, Change change) {
        List<Predictions> parts = new ArrayList<>();
        int done = 0;
        var batches = Batches.of(images, BATCH_SIZE).iterator();
        while (batches.hasNext()) {
            // A scope for each batch, so that memory does not grow with the number of images.
            try (var scope = Scope.withoutGradients()) {
                Batch batch = batches.next();
                Tensor pixels = batch.pixels(device);
                Tensor labels = batch.labels().to(device);
                parts.add(Predictions.of(file.classifier().logits(change.of(pixels, labels))));
                done += batch.size();
            }
            progress.accept(done);
        }
        return Predictions.joined(parts).correct(images.labels());
    }

    @Override
    public void close() {
        file.close();
    }
}
