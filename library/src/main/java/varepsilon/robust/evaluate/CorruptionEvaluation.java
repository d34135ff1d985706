package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.Corruption;
import varepsilon.data.ImageSet;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/**
 * Accuracy under common corruptions at every severity (Hendrycks, Dietterich 2019).
 *
 * @param corruptions which, at least one
 * @param batchSize images at once, at least 1
 * @param seed of the corruptions' random numbers
 * @param device of the classifier
 */
public record CorruptionEvaluation(List<Corruption> corruptions, int batchSize, long seed, Device device) {
    /** Copies the list; rejects an empty one and a batch size below 1. */
    public CorruptionEvaluation {
        corruptions = List.copyOf(corruptions);
        Objects.requireNonNull(device, "device");
        if (corruptions.isEmpty()) {
            throw new InputException("corruptions: expected at least one");
        }
        if (batchSize < 1) {
            throw new InputException("batch size " + batchSize + ": expected at least 1");
        }
    }

    /** All fifteen. */
    public static CorruptionEvaluation all(int batchSize, long seed, Device device) {
        return new CorruptionEvaluation(List.of(Corruption.values()), batchSize, seed, device);
    }

    /**
     * Accuracy under one corruption.
     *
     * @param corruption which
     * @param accuracies at severities 1 to 5
     */
    public record Row(Corruption corruption, List<Accuracy> accuracies) {
        /** The mean over severities. */
        public double mean() {
            return accuracies.stream().mapToDouble(Accuracy::rate).average().orElseThrow();
        }
    }

    /**
     * What was measured.
     *
     * @param rows one a corruption
     */
    public record Report(List<Row> rows) {
        /** The mean over corruptions and severities. */
        public double mean() {
            return rows.stream().mapToDouble(Row::mean).average().orElseThrow();
        }
    }

    /** Images that are corrupted and predicted: the total that a watch is told. */
    public long work(ImageSet images) {
        return (long) images.size() * corruptions.size() * Corruption.SEVERITIES;
    }

    /**
     * Measures.
     *
     * @param watch receives the number of images done
     * @throws InputException where images have no labels, or neither one nor three channels
     * @throws varepsilon.base.StoppedException where a stop is requested
     */
    public Report of(Classifier classifier, ImageSet images, Watch watch) {
        Learned.requireLabels(images);
        Watch watched = watch.throwing();
        List<Row> rows = new ArrayList<>();
        long[] done = {0};
        for (Corruption corruption : corruptions) {
            List<Accuracy> accuracies = new ArrayList<>();
            for (int level = 1; level <= Corruption.SEVERITIES; level++) {
                int severity = level;
                int[] correct = {0};
                Learned.forEach(Batches.of(images, batchSize), batch -> {
                    boolean[] here = Predictions.of(classifier, corrupted(images, batch, corruption, severity))
                            .correct(batch.labels());
                    for (boolean one : here) {
                        correct[0] += one ? 1 : 0;
                    }
                    done[0] += here.length;
                    watched.progress("corrupting", done[0], work(images));
                });
                accuracies.add(new Accuracy(correct[0], images.size()));
            }
            rows.add(new Row(corruption, List.copyOf(accuracies)));
        }
        return new Report(List.copyOf(rows));
    }

    private Tensor corrupted(ImageSet images, Batch batch, Corruption corruption, int severity) {
        int dimensions = images.dimensions();
        int[] indices = batch.indices();
        byte[] bytes = new byte[indices.length * dimensions];
        for (int i = 0; i < indices.length; i++) {
            byte[] image = corruption.of(images.image(indices[i]), images.shape(), severity, seed, indices[i]);
            System.arraycopy(image, 0, bytes, i * dimensions, dimensions);
        }
        Tensor levels = Tensor.of(bytes, indices.length, images.channels(), images.height(), images.width());
        return Batch.pixels(levels.to(device));
    }
}
