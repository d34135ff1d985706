package varepsilon.generative;

import java.util.Arrays;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The latent dimensions that a VAE uses: those whose posterior mean varies over the data, Var_x(E_q[z]) &gt; 0.01
 * (Burda, Grosse, Salakhutdinov 2016, section 5.2). Posterior means come in batches of any size.
 */
public final class ActiveUnits {
    /** A dimension is active above this variance. */
    public static final double THRESHOLD = 0.01;

    /**
     * Where KL(q(z|x) ‖ N(0, I)), averaged over the data, is below this, in nats, no dimension is active: the
     * divergence is at least ½ μ² in each, and the mean of μ² at least its variance.
     */
    public static final double LEAST_DIVERGENCE = THRESHOLD / 2;

    private final double[] mean;
    private final double[] squares;
    private long n;

    /** Without data so far. */
    public ActiveUnits(int latentDim) {
        if (latentDim < 1) {
            throw new IllegalArgumentException("latentDim " + latentDim + ": expected at least 1");
        }
        mean = new double[latentDim];
        squares = new double[latentDim];
    }

    /**
     * Adds more data.
     *
     * @param posteriorMeans E_q[z] of some images, N×latentDim
     */
    public void add(Tensor posteriorMeans) {
        long[] shape = posteriorMeans.shape();
        if (shape.length != 2 || shape[1] != mean.length || shape[0] == 0) {
            throw new IllegalArgumentException(posteriorMeans + ": expected N×" + mean.length + ", N at least 1");
        }
        try (var scope = Scope.withoutGradients()) {
            Tensor means = posteriorMeans.detach().to(DType.FLOAT64);
            Tensor batchMean = means.mean(0);
            merge(
                    shape[0],
                    batchMean.toDoubles(),
                    means.sub(batchMean).square().sum(0).toDoubles());
        }
    }

    // Two parts' sums of squared deviations into one, without cancellation (Chan, Golub, LeVeque 1983).
    private void merge(long size, double[] batchMean, double[] batchSquares) {
        long total = n + size;
        for (int i = 0; i < mean.length; i++) {
            double difference = batchMean[i] - mean[i];
            squares[i] += batchSquares[i] + difference * difference * n * size / total;
            mean[i] += difference * size / total;
        }
        n = total;
    }

    /** Var_x(E_q[z]) of each dimension, over all data added. */
    public double[] variances() {
        if (n == 0) {
            throw new IllegalStateException("no posterior means were added yet");
        }
        return Arrays.stream(squares).map(sum -> sum / n).toArray();
    }

    /** The number of active dimensions. */
    public int count() {
        return (int) Arrays.stream(variances())
                .filter(variance -> variance > THRESHOLD)
                .count();
    }
}
