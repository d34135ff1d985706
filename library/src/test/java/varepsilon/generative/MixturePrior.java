package varepsilon.generative;

import java.util.List;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * One latent dimension from 0.3·N(−2, 0.5²) + 0.7·N(1, 1): a prior to which no posterior has a divergence in closed
 * form.
 */
record MixturePrior() implements Prior {
    static final double[] WEIGHTS = {0.3, 0.7};
    static final double[] MEANS = {-2, 1};
    static final double[] STDS = {0.5, 1};

    static double logDensity(double z) {
        return logDensity(z, 0);
    }

    /** log density of z plus independent normal noise of standard deviation {@code noise}. */
    static double logDensity(double z, double noise) {
        double density = 0;
        for (int i = 0; i < WEIGHTS.length; i++) {
            density += WEIGHTS[i] * Math.exp(Statistics.logNormal(z, MEANS[i], Math.hypot(STDS[i], noise)));
        }
        return Math.log(density);
    }

    @Override
    public Tensor logProbability(Tensor z) {
        List<Tensor> components = List.of(component(z, 0), component(z, 1));
        return Tensor.stack(0, components).logSumExp(0).squeeze(-1);
    }

    private static Tensor component(Tensor z, int i) {
        return z.sub(MEANS[i])
                .div(STDS[i])
                .square()
                .mul(-0.5)
                .add(Math.log(WEIGHTS[i] / STDS[i]) - 0.5 * Math.log(2 * Math.PI));
    }

    @Override
    public Tensor sample(int n, Rng rng) {
        Tensor first = rng.uniform(n, 1).lt(Tensor.full(WEIGHTS[0], DType.FLOAT32, 1));
        Tensor noise = rng.normal(n, 1);
        return noise.mul(STDS[0]).add(MEANS[0]).where(first, noise.mul(STDS[1]).add(MEANS[1]));
    }

    @Override
    public int latentDim() {
        return 1;
    }
}
