package varepsilon.generative;

import varepsilon.stats.NormalFit;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The Fréchet distance of two normal distributions (Dowson, Landau 1982), |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½). Between
 * the distributions fitted to features of real and of generated images it measures the quality of the latter (Heusel et
 * al. 2017). Its value depends on the features: the published FID is that of one Inception network's, and compares with
 * nothing else. It also depends on the number of images, the fewer the larger: compare only equal numbers.
 */
public final class FrechetDistance {
    private FrechetDistance() {}

    /**
     * Of the normal distributions fitted to two sets of features.
     *
     * @param a N×d, N at least 2
     * @param b M×d, M at least 2
     * @return at least 0, in squared units of the features
     */
    public static double between(double[][] a, double[][] b) {
        return between(NormalFit.of(a), NormalFit.of(b));
    }

    /** Of two normal distributions of the same dimension. */
    public static double between(NormalFit a, NormalFit b) {
        int dimensions = a.mean().length;
        if (b.mean().length != dimensions) {
            throw new IllegalArgumentException(dimensions + " and " + b.mean().length + " dimensions");
        }
        double distance = 0;
        for (int i = 0; i < dimensions; i++) {
            double difference = a.mean()[i] - b.mean()[i];
            distance += difference * difference + a.covariance()[i][i] + b.covariance()[i][i];
        }
        return Math.max(0, distance - 2 * traceOfRoot(a.covariance(), b.covariance()));
    }

    /** tr (Σ₁Σ₂)^½ = tr (Σ₁^½ Σ₂ Σ₁^½)^½, whose matrix is symmetric. */
    private static double traceOfRoot(double[][] first, double[][] second) {
        try (var scope = Scope.withoutGradients()) {
            Ops.Eigen eigen = Ops.symmetricEigen(NormalFit.matrix(first));
            Tensor vectors = eigen.vectors();
            Tensor root = vectors.mul(roots(eigen.values())).matmul(vectors.transpose(0, 1));
            Tensor product = root.matmul(NormalFit.matrix(second)).matmul(root);
            return roots(Ops.symmetricEigen(product).values()).sum().item();
        }
    }

    /** Rounding turns eigenvalues of 0 into slightly negative ones. */
    private static Tensor roots(Tensor eigenvalues) {
        return eigenvalues.relu().sqrt();
    }
}
