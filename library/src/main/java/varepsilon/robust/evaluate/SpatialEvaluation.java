package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.Predictions;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Draws;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Robustness to rotation and translation (Engstrom et al. 2019, "Exploring the landscape of spatial robustness"): an
 * image counts as robust where it is correctly classified as it is and under every map that is tried. Pixels are
 * interpolated bilinearly, and black outside the image.
 *
 * @param degrees the largest angle, both ways, from 0 to 180
 * @param pixels the largest translation, both ways and in both directions, at least 0
 * @param angles of the grid, at least 1; of one, it is 0
 * @param shifts of the grid in each direction, at least 1; of one, it is 0
 * @param samples maps drawn at random for each image instead of the grid; 0 for the grid
 * @param batchSize images at once, at least 1
 * @param seed of random maps, which depend on it and the image's index alone
 * @param device of the classifier
 */
public record SpatialEvaluation(
        double degrees, double pixels, int angles, int shifts, int samples, int batchSize, long seed, Device device) {
    /** Rejects settings outside their ranges. */
    public SpatialEvaluation {
        require("degrees", degrees, 0, 180);
        require("pixels", pixels, 0, Integer.MAX_VALUE);
        require("angles", angles, 1, Integer.MAX_VALUE);
        require("shifts", shifts, 1, Integer.MAX_VALUE);
        require("samples", samples, 0, Integer.MAX_VALUE);
        require("batch size", batchSize, 1, Integer.MAX_VALUE);
        Objects.requireNonNull(device, "device");
    }

    private static void require(String name, double value, double min, double max) {
        if (!(value >= min && value <= max)) {
            throw new InputException(name + " " + value + ": expected at least " + min
                    + (max < Integer.MAX_VALUE ? " and at most " + max : ""));
        }
    }

    /** The paper's grid for CIFAR-10: 31 angles up to 30°, 5×5 translations up to 3 pixels. */
    public static SpatialEvaluation grid(int batchSize, Device device) {
        return new SpatialEvaluation(30, 3, 31, 5, 0, batchSize, 0, device);
    }

    /** The worst of so many random maps of the same ranges; the paper has 10. */
    public static SpatialEvaluation worstOf(int samples, int batchSize, long seed, Device device) {
        require("samples", samples, 1, Integer.MAX_VALUE);
        return new SpatialEvaluation(30, 3, 31, 5, samples, batchSize, seed, device);
    }

    /**
     * A rotation around the middle of the image, then a translation.
     *
     * @param degrees anticlockwise
     * @param right in pixels
     * @param down in pixels
     */
    public record Map(double degrees, double right, double down) {
        /** Where each pixel of the result lies in the image, in the coordinates of {@link Ops#affineSample}: 2×3. */
        double[] matrix(double height, double width) {
            double cos = Math.cos(Math.toRadians(degrees));
            double sin = Math.sin(Math.toRadians(degrees));
            return new double[] {
                cos,
                -sin * height / width,
                (-cos * right + sin * down) * 2 / width,
                sin * width / height,
                cos,
                (-sin * right - cos * down) * 2 / height
            };
        }
    }

    /**
     * What was found, by image.
     *
     * @param correct whether it is correctly classified as it is
     * @param robust whether it is so, too, under every map tried
     * @param found the first map under which a correctly classified image no longer was; empty where there is none
     * @param forwardPasses images passed through the classifier
     */
    public record Report(boolean[] correct, boolean[] robust, List<Optional<Map>> found, long forwardPasses) {
        /** Clean accuracy. */
        public Accuracy clean() {
            return Accuracy.of(correct);
        }

        /** Correctly classified before and after. */
        public Accuracy accuracy() {
            return Accuracy.of(robust);
        }
    }

    /** The maps of the grid. */
    List<Map> maps() {
        List<Map> maps = new ArrayList<>();
        for (double angle : evenly(degrees, angles)) {
            for (double right : evenly(pixels, shifts)) {
                for (double down : evenly(pixels, shifts)) {
                    maps.add(new Map(angle, right, down));
                }
            }
        }
        return maps;
    }

    private static double[] evenly(double most, int count) {
        double[] values = new double[count];
        Arrays.setAll(values, i -> count == 1 ? 0 : -most + 2 * most * i / (count - 1));
        return values;
    }

    /**
     * Measures.
     *
     * @param watch receives the number of images done
     * @throws InputException where images have no labels
     * @throws varepsilon.base.StoppedException where a stop is requested
     */
    public Report of(Classifier classifier, ImageSet images, Watch watch) {
        Watch watched = watch.throwing();
        Learned.requireLabels(images);
        boolean[] correct = new boolean[images.size()];
        boolean[] robust = new boolean[images.size()];
        List<Optional<Map>> found = new ArrayList<>();
        long[] passes = {0};
        classifier.evaluating(() -> Learned.forEach(Batches.of(images, batchSize), batch -> {
            evaluate(classifier, batch, correct, robust, found, passes);
            watched.progress("rotating", found.size(), images.size());
        }));
        return new Report(correct, robust, found, passes[0]);
    }

    private void evaluate(
            Classifier classifier,
            Batch batch,
            boolean[] correct,
            boolean[] robust,
            List<Optional<Map>> found,
            long[] passes) {
        Tensor images = batch.pixels(device);
        Tensor labels = batch.labels().to(device);
        int from = found.size();
        Tensor open = Predictions.match(Predictions.logits(classifier, images), labels)
                .nonzero();
        passes[0] += batch.size();
        for (long i : open.toLongs()) {
            correct[from + (int) i] = true;
            robust[from + (int) i] = true;
        }
        List<Optional<Map>> here = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            here.add(Optional.empty());
        }
        List<List<Map>> maps = samples == 0 ? List.of(maps()) : random(batch);
        long[] rows = open.toLongs();
        for (int m = 0; m < (samples == 0 ? maps.get(0).size() : samples) && rows.length > 0; m++) {
            try (var step = Scope.open()) {
                Tensor still = Tensor.of(rows, rows.length).to(device);
                double[] matrices = new double[6 * rows.length];
                for (int i = 0; i < rows.length; i++) {
                    Map map = maps.get(samples == 0 ? 0 : (int) rows[i]).get(m);
                    System.arraycopy(map.matrix(images.size(2), images.size(3)), 0, matrices, 6 * i, 6);
                }
                Tensor moved = Ops.affineSample(
                        images.indexSelect(0, still),
                        Tensor.of(matrices, rows.length, 2, 3)
                                .to(images.dtype())
                                .to(device));
                Tensor match = Predictions.match(Predictions.logits(classifier, moved), labels.indexSelect(0, still));
                passes[0] += rows.length;
                byte[] right = match.to(DType.UINT8).toBytes();
                List<Long> staying = new ArrayList<>();
                for (int i = 0; i < rows.length; i++) {
                    if (right[i] != 0) {
                        staying.add(rows[i]);
                    } else {
                        robust[from + (int) rows[i]] = false;
                        here.set(
                                (int) rows[i],
                                Optional.of(maps.get(samples == 0 ? 0 : (int) rows[i])
                                        .get(m)));
                    }
                }
                rows = staying.stream().mapToLong(Long::longValue).toArray();
            }
        }
        found.addAll(here);
    }

    /** For each image of the batch its random maps. */
    private List<List<Map>> random(Batch batch) {
        List<List<Map>> maps = new ArrayList<>();
        try (Draws draws = Draws.perImage(Seed.of(seed).split("spatial"), batch.indices())) {
            double[] u = draws.uniform(Tensor.zeros(DType.FLOAT64, batch.size(), samples, 3))
                    .toDoubles();
            for (int i = 0; i < batch.size(); i++) {
                List<Map> its = new ArrayList<>();
                for (int m = 0; m < samples; m++) {
                    int at = 3 * (i * samples + m);
                    its.add(new Map(
                            degrees * (2 * u[at] - 1), pixels * (2 * u[at + 1] - 1), pixels * (2 * u[at + 2] - 1)));
                }
                maps.add(its);
            }
        }
        return maps;
    }
}
