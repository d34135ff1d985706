package varepsilon.generative;

import java.util.Arrays;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The images of a set that are nearest to each of others, by the Euclidean distance of their pixels.
 *
 * @param indices of the nearest images of the set, for each of the others: N×k, from the nearest on
 * @param distances to them, of pixels in [0, 1]; 0 between equal images
 */
public record NearestNeighbours(int[][] indices, double[][] distances) {
    private static final int CHUNK = 1024;

    /**
     * Compares each image with each of the set, in whole numbers and thus exactly.
     *
     * @param images the images whose neighbours are looked for
     * @param set where they are looked for
     * @param k how many, 1 to the size of the set
     * @param watch receives the number of comparisons done
     * @throws InputException where the images are of another shape than the set's, or it has fewer than k
     * @throws StoppedException where a stop is requested
     */
    public static NearestNeighbours of(ImageSet images, ImageSet set, int k, Watch watch) {
        if (!images.shape().equals(set.shape())) {
            throw new InputException(images.name() + " has images of " + images.shape() + ", and " + set.name() + " of "
                    + set.shape() + "; expected one shape");
        }
        if (k < 1 || k > set.size()) {
            throw new InputException(k + " nearest neighbours: expected 1 to " + set.size() + ", as many images as "
                    + set.name() + " has");
        }
        Watch watched = watch.throwing();
        long done = 0;
        long all = (long) images.size() * set.size();
        Nearest[] nearest = new Nearest[images.size()];
        Arrays.setAll(nearest, i -> new Nearest(k));
        watched.progress("comparing images", done, all);
        var batches = Batches.of(images, CHUNK).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.withoutGradients()) {
                Batch batch = batches.next();
                Tensor rows = rows(batch);
                var portions = Batches.of(set, CHUNK).iterator();
                while (portions.hasNext()) {
                    try (var inner = Scope.open()) {
                        Batch candidates = portions.next();
                        offer(nearest, batch.indices(), rows, candidates);
                        done += (long) batch.size() * candidates.size();
                    }
                    watched.progress("comparing images", done, all);
                }
            }
        }
        int[][] indices = new int[nearest.length][];
        double[][] distances = new double[nearest.length][];
        for (int i = 0; i < nearest.length; i++) {
            indices[i] = nearest[i].indices();
            distances[i] = Arrays.stream(nearest[i].values())
                    .map(squared -> Math.sqrt(squared) / 255)
                    .toArray();
        }
        return new NearestNeighbours(indices, distances);
    }

    private static void offer(Nearest[] nearest, int[] images, Tensor rows, Batch candidates) {
        double[] squared = SquaredDistances.between(rows, rows(candidates)).toDoubles();
        int[] indices = candidates.indices();
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < indices.length; j++) {
                nearest[images[i]].offer(squared[i * indices.length + j], indices[j]);
            }
        }
    }

    /** FLOAT64: with images of less than 2⁴⁰ pixels, every number in the squared distances is a whole number below 2⁵³. */
    private static Tensor rows(Batch batch) {
        return batch.images().to(DType.FLOAT64).flatten(1);
    }

    /** The distance of each image to its nearest neighbour. */
    public double[] nearest() {
        return Arrays.stream(distances).mapToDouble(row -> row[0]).toArray();
    }
}
