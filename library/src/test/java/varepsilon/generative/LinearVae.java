package varepsilon.generative;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/**
 * Probabilistic principal component analysis (Tipping, Bishop 1999) as a VAE for images of one row:
 * p(x|z) = N(W·z + μ, σ²I), p(z) = N(0, I), and q(z|x) = N(A·(x − b), diag(s)²).
 *
 * @param w D×latentDim
 * @param mean μ, D
 * @param std σ
 */
record LinearVae(double[][] w, double[] mean, double std) {
    /** A network of that form with fresh parameters. */
    static Vae fresh(int dimensions, int latentDim, double std, Init init) {
        return new Vae(
                encoder(dimensions, latentDim, init),
                decoder(dimensions, latentDim, init),
                new StandardNormal(latentDim),
                new Gaussian(std),
                init.device());
    }

    static Layer encoder(int dimensions, int latentDim, Init init) {
        return new Sequential(Layer.of(x -> x.flatten(1)), new Linear(dimensions, 2 * latentDim, init));
    }

    static Layer decoder(int dimensions, int latentDim, Init init) {
        return new Sequential(new Linear(latentDim, dimensions, init), Layer.of(y -> y.reshape(-1, 1, 1, dimensions)));
    }

    /** The W and μ that such a network has. */
    static LinearVae of(Vae vae, double std) {
        Tensor weight = vae.parameters().get("decoder.0.weight");
        int rows = (int) weight.size(0);
        int columns = (int) weight.size(1);
        double[] values = weight.toDoubles();
        double[][] w = new double[rows][columns];
        for (int i = 0; i < rows; i++) {
            System.arraycopy(values, i * columns, w[i], 0, columns);
        }
        return new LinearVae(w, vae.parameters().get("decoder.0.bias").toDoubles(), std);
    }

    int dimensions() {
        return w.length;
    }

    int latentDim() {
        return w[0].length;
    }

    /** log p(x) = log N(x; μ, WWᵀ + σ²I). */
    double logLikelihood(double[] x) {
        return SymmetricMatrix.lowRankPlus(w, std * std).logNormalDensity(x, mean);
    }

    /**
     * Mean of the exact posterior, M⁻¹Wᵀ(x − μ) with M = WᵀW + σ²I, for W with orthogonal columns: then M is diagonal.
     */
    double[] posteriorMean(double[] x) {
        double[] result = new double[latentDim()];
        for (int j = 0; j < result.length; j++) {
            for (int i = 0; i < x.length; i++) {
                result[j] += w[i][j] * (x[i] - mean[i]) / precision(j);
            }
        }
        return result;
    }

    /** Standard deviations of the exact posterior, σ/√M, for W with orthogonal columns. */
    double[] posteriorStd() {
        double[] result = new double[latentDim()];
        for (int j = 0; j < result.length; j++) {
            result[j] = std / Math.sqrt(precision(j));
        }
        return result;
    }

    private double precision(int j) {
        double squares = 0;
        for (double[] row : w) {
            squares += row[j] * row[j];
        }
        return squares + std * std;
    }

    /**
     * The VAE with this decoder, and an encoder that is off the exact posterior: its means by {@code shift}, its
     * standard deviations by the factor {@code stretch}.
     */
    Vae withEncoder(double shift, double stretch, Init init) {
        int d = dimensions();
        int latentDim = latentDim();
        double[] a = new double[2 * latentDim * d];
        double[] offset = new double[2 * latentDim];
        double[] posteriorStd = posteriorStd();
        // The encoder gets u = 2x − 1: A(x − μ) = A·u/2 + A(½ − μ).
        double[] half = new double[d];
        Arrays.fill(half, 0.5);
        double[] atHalf = posteriorMean(half);
        for (int j = 0; j < latentDim; j++) {
            for (int i = 0; i < d; i++) {
                a[j * d + i] = w[i][j] / precision(j) / 2;
            }
            offset[j] = atHalf[j] + shift;
            offset[latentDim + j] = Math.log(posteriorStd[j] * stretch);
        }
        double[] flat = new double[d * latentDim];
        for (int i = 0; i < d; i++) {
            System.arraycopy(w[i], 0, flat, i * latentDim, latentDim);
        }
        Vae vae = fresh(d, latentDim, std, init);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("encoder.1.weight", Tensor.of(a, 2L * latentDim, d));
        weights.put("encoder.1.bias", Tensor.of(offset, 2L * latentDim));
        weights.put("decoder.0.weight", Tensor.of(flat, d, latentDim));
        weights.put("decoder.0.bias", Tensor.of(mean, d));
        vae.load(Weights.of(weights, Map.of()));
        return vae;
    }
}
