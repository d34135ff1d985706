package varepsilon.generative;

import java.util.stream.IntStream;
import varepsilon.stats.Interval;
import varepsilon.stats.NormalFit;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * How generated images lie among real ones, by balls around feature vectors, each as large as the distance to the
 * vector's k-th nearest neighbour within its set.
 *
 * <ul>
 *   <li>Precision: the share of generated images that lie in a ball around a real one (Kynkäänniemi et al. 2019).
 *   <li>Recall: the share of real images that lie in a ball around a generated one.
 *   <li>Density: in how many balls around real images a generated one lies, over k (Naeem et al. 2020).
 *   <li>Coverage: the share of real images whose ball has a generated image in it.
 * </ul>
 *
 * <p>One outlier among the real images has a large ball, and everything that lies in it counts for precision, even noise:
 * density and coverage show that. Where generated images are drawn like real ones, the density is about 1, the coverage
 * 1 − 2⁻ᵏ. All depend on the features and on the sizes of the sets, which are best equal.
 *
 * @param precision with the 95 % interval of a share, the real images given
 * @param recall with the 95 % interval of a share, the generated images given
 * @param density at least 0
 * @param coverage with the 95 % interval of a share, the generated images given
 * @param k which neighbour's distance is the radius
 */
public record PrecisionRecall(Interval precision, Interval recall, double density, Interval coverage, int k) {
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
            Membership generatedInReal = Membership.of(b, a, radii(a, k));
            Membership realInGenerated = Membership.of(a, b, radii(b, k));
            return new PrecisionRecall(
                    Interval.ofShare(generatedInReal.inside, generated.length),
                    Interval.ofShare(realInGenerated.inside, real.length),
                    (double) generatedInReal.pairs / k / generated.length,
                    Interval.ofShare(generatedInReal.reached, real.length),
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

    /**
     * How vectors lie in balls around those of a set.
     *
     * @param inside vectors that lie in at least one ball
     * @param reached balls in which at least one vector lies
     * @param pairs of a vector and a ball in which it lies
     */
    private record Membership(int inside, int reached, long pairs) {
        static Membership of(Tensor vectors, Tensor set, double[] radii) {
            int inside = 0;
            long pairs = 0;
            boolean[] reached = new boolean[radii.length];
            for (int start = 0; start < vectors.size(0); start += CHUNK) {
                double[] distances = distances(vectors, start, set);
                for (int row = 0; row < distances.length; row += radii.length) {
                    int balls = 0;
                    for (int j = 0; j < radii.length; j++) {
                        if (distances[row + j] <= radii[j]) {
                            reached[j] = true;
                            balls++;
                        }
                    }
                    inside += balls > 0 ? 1 : 0;
                    pairs += balls;
                }
            }
            return new Membership(
                    inside,
                    (int) IntStream.range(0, reached.length)
                            .filter(j -> reached[j])
                            .count(),
                    pairs);
        }
    }

    /** Squared distances of up to {@link #CHUNK} vectors to each of the set, vector after vector. */
    private static double[] distances(Tensor vectors, int start, Tensor set) {
        try (var scope = Scope.open()) {
            Tensor chunk = vectors.narrow(0, start, Math.min(CHUNK, vectors.size(0) - start));
            return SquaredDistances.between(chunk, set).toDoubles();
        }
    }
}
