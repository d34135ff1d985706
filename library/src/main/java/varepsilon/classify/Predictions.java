package varepsilon.classify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The predicted class of each example: its largest logit. Only this class counts correctly classified examples.
 *
 * @param classes by example
 */
public record Predictions(int[] classes) {
    /**
     * For a set of images, in evaluation mode and in its order.
     *
     * @param batchSize images at once, at least 1
     * @param device of the classifier
     * @param watch receives the number of images done
     * @throws StoppedException where a stop is requested
     */
    public static Predictions of(Classifier classifier, ImageSet images, int batchSize, Device device, Watch watch) {
        Watch watched = watch.throwing();
        List<Predictions> parts = new ArrayList<>();
        int done = 0;
        watched.progress("predicting", done, images.size());
        var batches = Batches.of(images, batchSize).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.withoutGradients()) {
                Batch batch = batches.next();
                parts.add(of(classifier, batch.pixels(device)));
                done += batch.size();
            }
            watched.progress("predicting", done, images.size());
        }
        return joined(parts);
    }

    /** In evaluation mode, of checked logits. */
    public static Predictions of(Classifier classifier, Tensor pixels) {
        try (var scope = Scope.withoutGradients()) {
            return of(logits(classifier, pixels));
        }
    }

    /** @param logits N×K, or probabilities */
    public static Predictions of(Tensor logits) {
        return new Predictions(Arrays.stream(logits.argmax(1).toLongs())
                .mapToInt(Math::toIntExact)
                .toArray());
    }

    /** In evaluation mode, checked; they belong to the open scope. */
    public static Tensor logits(Classifier classifier, Tensor pixels) {
        Tensor logits = classifier.evaluating(() -> classifier.logits(pixels));
        Logits.check(logits, pixels.size(0));
        return logits;
    }

    /**
     * Whether each example's predicted class is the one named, without leaving the device.
     *
     * @param logits N×K
     * @param classes INT64 N
     * @return BOOL N
     */
    public static Tensor match(Tensor logits, Tensor classes) {
        return logits.argmax(1).eq(classes);
    }

    /** Of several batches, one after the other. */
    public static Predictions joined(List<Predictions> parts) {
        return new Predictions(
                parts.stream().flatMapToInt(part -> Arrays.stream(part.classes)).toArray());
    }

    /** How many examples. */
    public int n() {
        return classes.length;
    }

    /**
     * Whether each example is correctly classified.
     *
     * @param labels the true classes, in the same order
     * @throws IllegalArgumentException where there are not as many
     */
    public boolean[] correct(int[] labels) {
        if (labels.length != classes.length) {
            throw new IllegalArgumentException(labels.length + " labels for " + classes.length + " predictions");
        }
        boolean[] correct = new boolean[classes.length];
        for (int i = 0; i < correct.length; i++) {
            correct[i] = classes[i] == labels[i];
        }
        return correct;
    }

    /**
     * The same.
     *
     * @param labels INT64 N
     */
    public boolean[] correct(Tensor labels) {
        return correct(
                Arrays.stream(labels.toLongs()).mapToInt(Math::toIntExact).toArray());
    }

    /** How many examples are correctly classified. */
    public Accuracy accuracy(int[] labels) {
        return Accuracy.of(correct(labels));
    }
}
