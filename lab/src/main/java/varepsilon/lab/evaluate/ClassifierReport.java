package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.Logits;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.evaluate.Check;
import varepsilon.robust.evaluate.CorruptionEvaluation;
import varepsilon.robust.evaluate.OutputCheck;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Clean accuracy of a classifier, by class, with the confusion matrix.
 *
 * @param weights where it comes from
 * @param n images
 * @param correct how many are correctly classified
 * @param accuracy their share
 * @param ci95 Wilson 95 % interval of it
 * @param loss cross-entropy, nats per image
 * @param classes the same by class
 * @param confusion images by true class (row) and predicted class (column); a program may predict more classes than
 *     the images have
 * @param notes caveats on these numbers, a sentence each
 * @param checks what was examined because it makes such numbers wrong
 * @param comparison with another classifier, null where there is none
 * @param corruptions accuracy on corrupted images, null where it was not measured
 * @param threats accuracy under rotations, universal perturbations and patches, null where none was measured
 * @param byImage whether each image is correctly classified
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ClassifierReport(
        String weights,
        int n,
        int correct,
        double accuracy,
        List<Double> ci95,
        double loss,
        List<OfClass> classes,
        int[][] confusion,
        List<String> notes,
        List<Check> checks,
        ModelComparison comparison,
        Corruptions corruptions,
        List<ThreatOutcome> threats,
        @JsonIgnore boolean[] byImage) {
    /**
     * Images of one class.
     *
     * @param name of the class
     * @param n how many there are
     * @param correct how many are correctly classified
     * @param accuracy their share, null where there is none
     */
    public record OfClass(String name, int n, int correct, Double accuracy) {}

    /**
     * Measures.
     *
     * @param images with labels
     * @param watch receives the number of images done
     * @throws StoppedException where a stop is requested
     * @throws InputException where the images have no labels, or the classifier has another number of classes
     */
    public static ClassifierReport of(ClassifierFile file, ImageSet images, int batchSize, Device device, Watch watch) {
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
            throw new InputException(images.name()
                    + ": its images have no labels, and accuracy needs them: a sub-folder for each class, or"
                    + " a file of labels");
        }
    }

    /** The counts behind the accuracy. */
    public Accuracy counts() {
        return new Accuracy(correct, n);
    }

    /** This, with a comparison to another classifier on the same images. */
    public ClassifierReport comparedTo(ClassifierReport other) {
        return with(ModelComparison.of(weights, byImage, other.weights, other.byImage), corruptions, threats);
    }

    /** This, with accuracy on corrupted images. */
    public ClassifierReport withCorruptions(CorruptionEvaluation.Report measured) {
        return with(comparison, Corruptions.of(measured), threats);
    }

    /** This, with accuracy under other threat models. */
    public ClassifierReport withThreats(List<ThreatOutcome> measured) {
        return with(comparison, corruptions, List.copyOf(measured));
    }

    private ClassifierReport with(ModelComparison compared, Corruptions corrupted, List<ThreatOutcome> threatened) {
        return new ClassifierReport(
                weights,
                n,
                correct,
                accuracy,
                ci95,
                loss,
                classes,
                confusion,
                notes,
                checks,
                compared,
                corrupted,
                threatened,
                byImage);
    }

    /**
     * Accuracy on corrupted images (Hendrycks, Dietterich 2019).
     *
     * @param meanAccuracy over corruptions and severities
     * @param rows one a corruption
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Corruptions(double meanAccuracy, List<Row> rows) {
        /**
         * Under one corruption.
         *
         * @param name of the corruption
         * @param meanAccuracy over severities
         * @param accuracies at severities 1 to 5
         * @param correct the numbers of images behind them
         */
        @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
        public record Row(String name, double meanAccuracy, List<Double> accuracies, List<Integer> correct) {}

        static Corruptions of(CorruptionEvaluation.Report measured) {
            return new Corruptions(
                    measured.mean(),
                    measured.rows().stream()
                            .map(row -> new Row(
                                    row.corruption().label(),
                                    row.mean(),
                                    row.accuracies().stream()
                                            .map(Accuracy::rate)
                                            .toList(),
                                    row.accuracies().stream()
                                            .map(Accuracy::correct)
                                            .toList()))
                            .toList());
        }
    }

    private static final class Tally {
        private final ClassifierFile file;
        private final Classifier classifier;
        private final ImageSet images;
        private final List<Predictions> predictions = new ArrayList<>();
        private final int labels;
        private final OutputCheck check = new OutputCheck();
        private int outputs;
        private double loss;
        private int done;

        Tally(ClassifierFile file, ImageSet images) {
            this.file = file;
            this.classifier = file.classifier();
            this.images = images;
            this.labels = images.classNames().size();
        }

        void add(Batch batch, Device device) {
            Tensor pixels = batch.pixels(device);
            if (done == 0) {
                check.compare(classifier, pixels);
            }
            Tensor logits = classifier.logits(pixels);
            Logits.check(logits, batch.size());
            outputs = Math.toIntExact(logits.size(1));
            if (outputs < labels) {
                throw new InputException(
                        file.path() + ": tells " + outputs + " classes apart; " + images.name() + " has " + labels);
            }
            Tensor labels = batch.labels().to(device);
            check.add(logits, labels);
            loss += Ops.crossEntropy(logits, labels).to(DType.FLOAT64).sum().item();
            predictions.add(Predictions.of(logits));
            done += batch.size();
        }

        ClassifierReport evaluation() {
            Predictions predicted = Predictions.joined(predictions);
            boolean[] byImage = predicted.correct(images.labels());
            Accuracy all = Accuracy.of(byImage);
            int[][] confusion = new int[labels][outputs];
            for (int i = 0; i < byImage.length; i++) {
                confusion[images.label(i)][predicted.classes()[i]]++;
            }
            List<OfClass> classes = new ArrayList<>();
            for (int label = 0; label < labels; label++) {
                int n = Arrays.stream(confusion[label]).sum();
                int correct = confusion[label][label];
                classes.add(
                        new OfClass(images.classNames().get(label), n, correct, n == 0 ? null : (double) correct / n));
            }
            return new ClassifierReport(
                    file.path().toString(),
                    all.n(),
                    all.correct(),
                    all.rate(),
                    all.interval().bounds(),
                    loss / all.n(),
                    classes,
                    confusion,
                    file.notesOn(images),
                    check.checks(),
                    null,
                    null,
                    null,
                    byImage);
        }
    }
}
