package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.Logits;
import varepsilon.classify.OutputCheck;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * How well a classifier does on images as they are.
 *
 * @param weights where it comes from
 * @param n images
 * @param correct how many are right
 * @param accuracy share
 * @param ci95 Wilson 95 % interval of it
 * @param loss cross-entropy, nats per image
 * @param classes the same by class
 * @param confusion images by true class (row) and predicted class (column); a program may predict more classes than
 *     the images have
 * @param notes what a reader of these numbers must know, in sentences
 * @param comparison with another classifier, null where there is none
 * @param right by image, whether it is right
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ClassifierEvaluation(
        String weights,
        int n,
        int correct,
        double accuracy,
        List<Double> ci95,
        double loss,
        List<OfClass> classes,
        int[][] confusion,
        List<String> notes,
        ModelComparison comparison,
        @JsonIgnore boolean[] right) {
    /**
     * Images of one class.
     *
     * @param name of the class
     * @param n how many there are
     * @param correct how many are right
     * @param accuracy share, null where there is none
     */
    public record OfClass(String name, int n, int correct, Double accuracy) {}

    /**
     * Measures.
     *
     * @param images with labels
     * @param watch told how many images are done
     * @throws StoppedException where it asks for a stop
     * @throws InputException where the images have no labels, or the classifier tells apart another number of classes
     */
    public static ClassifierEvaluation of(
            ClassifierFile file, ImageSet images, int batchSize, Device device, Watch watch) {
        Watch watched = watch.throwing();
        requireLabels(images);
        file.requireFits(images);
        Tally tally = new Tally(file, images);
        watched.progress("evaluating", 0, images.size());
        file.classifier().evaluating(() -> {
            var batches = Batches.of(images, batchSize).iterator();
            while (batches.hasNext()) {
                try (var scope = Scope.withoutGradients()) {
                    tally.add(batches.next(), device);
                }
                watched.progress("evaluating", tally.done, images.size());
            }
        });
        return tally.evaluation();
    }

    static void requireLabels(ImageSet images) {
        if (!images.isLabelled()) {
            throw new InputException(
                    images.name()
                            + ": its images have no labels, and accuracy needs them: a sub-folder for each class, or a file of labels");
        }
    }

    /** The counts behind the accuracy. */
    public Accuracy counts() {
        return new Accuracy(correct, n);
    }

    /** This, with a comparison to another classifier on the same images. */
    public ClassifierEvaluation comparedTo(ClassifierEvaluation other) {
        ModelComparison compared = ModelComparison.of(weights, right, other.weights, other.right);
        return new ClassifierEvaluation(
                weights, n, correct, accuracy, ci95, loss, classes, confusion, notes, compared, right);
    }

    private static final class Tally {
        private final ClassifierFile file;
        private final Classifier classifier;
        private final ImageSet images;
        private final boolean[] right;
        private final int labels;
        private final Set<String> notes = new LinkedHashSet<>();
        private final OutputCheck check = new OutputCheck();
        private int[][] confusion;
        private double loss;
        private int done;

        Tally(ClassifierFile file, ImageSet images) {
            this.file = file;
            this.classifier = file.classifier();
            this.images = images;
            this.right = new boolean[images.size()];
            this.labels = images.classNames().size();
            this.confusion = new int[labels][labels];
        }

        void add(Batch batch, Device device) {
            Tensor pixels = batch.pixels(device);
            if (done == 0) {
                check.compare(classifier, pixels);
            }
            Tensor logits = classifier.logits(pixels);
            Logits.check(logits, batch.size());
            int outputs = Math.toIntExact(logits.size(1));
            if (outputs < labels) {
                throw new InputException(
                        file.path() + ": tells " + outputs + " classes apart; " + images.name() + " has " + labels);
            }
            if (done == 0) {
                confusion = new int[labels][outputs];
            }
            Tensor labels = batch.labels().to(device);
            check.add(logits, labels);
            loss += Ops.crossEntropy(logits, labels).to(DType.FLOAT64).sum().item();
            for (long predicted : logits.argmax(1).toLongs()) {
                int label = images.label(done);
                confusion[label][(int) predicted]++;
                right[done++] = predicted == label;
            }
        }

        ClassifierEvaluation evaluation() {
            notes.addAll(check.notes());
            Accuracy all = Accuracy.of(right);
            List<OfClass> classes = new ArrayList<>();
            for (int label = 0; label < labels; label++) {
                int n = Arrays.stream(confusion[label]).sum();
                int correct = confusion[label][label];
                classes.add(
                        new OfClass(images.classNames().get(label), n, correct, n == 0 ? null : (double) correct / n));
            }
            return new ClassifierEvaluation(
                    file.path().toString(),
                    all.n(),
                    all.correct(),
                    all.rate(),
                    all.interval().bounds(),
                    loss / all.n(),
                    classes,
                    confusion,
                    Stream.concat(file.notesOn(images).stream(), notes.stream()).toList(),
                    null,
                    right);
        }
    }
}
