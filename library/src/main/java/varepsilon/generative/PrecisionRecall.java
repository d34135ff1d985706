package varepsilon.generative;

import varepsilon.stats.Interval;
import varepsilon.stats.NormalFit;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Precision and recall of generated images (Kynkäänniemi et al. 2019). The manifold of a set of images is the union of
 * balls around their feature vectors, each as large as the distance to the vector's k-th nearest neighbour within the
 * set. Precision is the share of generated images in the manifold of the real ones: how many look real. Recall is the
 * share of real images in the manifold of the generated ones: how much of the real variety is generated. Both depend on
 * the features and on the sizes of the sets, which are best equal.
 *
 * @param precision with the 95 % interval of a share, the real images given
 * @param recall with the 95 % interval of a share, the generated images given
 * @param k which neighbour's distance is the radius
 */
public record PrecisionRecall(Interval precision, Interval recall, int k) {
    /** The paper's k. */
    public static final int DEFAULT_K = 3;

    private static final int CHUNK = 512;

    /**
     * Of two sets of features.
     *
     * @param real N×d, N more than k
     * @param generated M×d, M more than k
     * @param k at least 1
     */
    public static PrecisionRecall of(double[][] real, double[][] generated, int k) {
        if (k < 1 || real.length <= k || generated.length <= k) {
            throw new IllegalArgumentException("k " + k + ", " + real.length + " real and " + generated.length
                    + " generated images: expected k of at least 1, and more images of each");
        }
        try (var scope = Scope.withoutGradients()) {
            Tensor a = NormalFit.matrix(real);
            Tensor b = NormalFit.matrix(generated);
            // Distances stay the same where both sets are moved, and small numbers have small rounding errors.
            Tensor centre = a.mean(0);
            a = a.sub(centre);
            b = b.sub(centre);
            return new PrecisionRecall(
                    Interval.ofShare(countInside(b, a, radii(a, k)), generated.length),
                    Interval.ofShare(countInside(a, b, radii(b, k)), real.length),
                    k);
        }
    }

    /** The squared distance of each vector to its k-th nearest neighbour among the others. */
    private static double[] radii(Tensor set, int k) {
        int n = (int) set.size(0);
        double[] radii = new double[n];
        for (int start = 0; start < n; start += CHUNK) {
            double[] distances = distances(set, start, set);
            for (int i = start; i < start + distances.length / n; i++) {
                Nearest nearest = new Nearest(k);
                for (int j = 0; j < n; j++) {
                    if (j != i) {
                        nearest.offer(distances[(i - start) * n + j], j);
                    }
                }
                radii[i] = nearest.values()[k - 1];
            }
        }
        return radii;
    }

    /** How many of the vectors lie in a ball around one of the set. */
    private static int countInside(Tensor vectors, Tensor set, double[] radii) {
        int count = 0;
        for (int start = 0; start < vectors.size(0); start += CHUNK) {
            double[] distances = distances(vectors, start, set);
            for (int row = 0; row < distances.length; row += radii.length) {
                count += isInside(distances, row, radii) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean isInside(double[] distances, int row, double[] radii) {
        for (int j = 0; j < radii.length; j++) {
            if (distances[row + j] <= radii[j]) {
                return true;
            }
        }
        return false;
    }

    /** Squared distances of up to {@link #CHUNK} vectors to each of the set, vector after vector. */
    private static double[] distances(Tensor vectors, int start, Tensor set) {
        try (var scope = Scope.open()) {
            Tensor chunk = vectors.narrow(0, start, Math.min(CHUNK, vectors.size(0) - start));
            return SquaredDistances.between(chunk, set).toDoubles();
        }
    }
}
