package varepsilon.robust.evaluate;

import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Accuracy on images that an attack has not seen: as they are, and with what it has learned on others.
 *
 * @param correct whether each image is correctly classified as it is
 * @param robust whether it is so before and after
 * @param predictions the classes predicted after
 */
public record Learned(boolean[] correct, boolean[] robust, int[] predictions) {
    /** Clean accuracy. */
    public Accuracy clean() {
        return Accuracy.of(correct);
    }

    /** Correctly classified before and after. */
    public Accuracy accuracy() {
        return Accuracy.of(robust);
    }

    static void requireLabels(ImageSet images) {
        if (!images.isLabelled()) {
            throw new InputException(images.name() + " has no labels, which accuracy needs");
        }
    }

    /** Does work on every batch, each in a scope of its own. */
    static void forEach(Batches batches, Consumer<Batch> work) {
        var iterator = batches.iterator();
        while (iterator.hasNext()) {
            try (var scope = Scope.withoutGradients()) {
                work.accept(iterator.next());
            }
        }
    }

    /** A batch of images, changed. */
    @FunctionalInterface
    interface Change {
        /** @param indices which images of the set these are */
        Tensor of(Tensor pixels, int[] indices);
    }

    static Learned measured(
            Classifier classifier, ImageSet images, int batchSize, Device device, Change change, Watch watch) {
        requireLabels(images);
        boolean[] correct = new boolean[images.size()];
        boolean[] robust = new boolean[images.size()];
        int[] predictions = new int[images.size()];
        int[] done = {0};
        forEach(Batches.of(images, batchSize), batch -> {
            Tensor pixels = batch.pixels(device);
            boolean[] before = Predictions.of(classifier, pixels).correct(batch.labels());
            Predictions after = Predictions.of(classifier, change.of(pixels, batch.indices()));
            boolean[] stillCorrect = after.correct(batch.labels());
            for (int i = 0; i < before.length; i++) {
                correct[done[0] + i] = before[i];
                robust[done[0] + i] = before[i] && stillCorrect[i];
                predictions[done[0] + i] = after.classes()[i];
            }
            done[0] += before.length;
            watch.progress("measuring", done[0], images.size());
        });
        return new Learned(correct, robust, predictions);
    }

    /** The tensor's values, after an update in a scope of its own. */
    static float[] updated(float[] values, long[] shape, UnaryOperator<Tensor> update, Device device) {
        try (var scope = Scope.withoutGradients()) {
            return update.apply(Tensor.of(values, shape).to(device))
                    .to(DType.FLOAT32)
                    .toFloats();
        }
    }
}
