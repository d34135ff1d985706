package varepsilon.lab.study;

import java.util.ArrayList;
import java.util.List;
import varepsilon.generative.Prior;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * A prior of several normal distributions with independent dimensions: no divergence from it has a closed form.
 *
 * @param weights of the components, with the sum 1
 * @param means of each component, latentDim numbers each
 * @param stds of each component, latentDim numbers each
 */
record GaussianMixture(double[] weights, double[][] means, double[][] stds) implements Prior {
    private static final double LOG_TWO_PI = Math.log(2 * Math.PI);

    @Override
    public int latentDim() {
        return means[0].length;
    }

    @Override
    public Tensor logProbability(Tensor z) {
        List<Tensor> parts = new ArrayList<>();
        for (int k = 0; k < weights.length; k++) {
            Tensor mean = row(means[k], z);
            Tensor std = row(stds[k], z);
            parts.add(z.sub(mean).div(std).square().sum(-1).mul(-0.5).add(logScale(k)));
        }
        return Tensor.stack(0, parts).logSumExp(0);
    }

    private Tensor row(double[] values, Tensor like) {
        return Tensor.of(values, values.length).to(like.dtype()).to(like.device());
    }

    /** log density at one point, in nats, in plain double precision. */
    double logDensity(double... z) {
        double density = 0;
        for (int k = 0; k < weights.length; k++) {
            double squares = 0;
            for (int i = 0; i < z.length; i++) {
                double standardised = (z[i] - means[k][i]) / stds[k][i];
                squares += standardised * standardised;
            }
            density += Math.exp(logScale(k) - 0.5 * squares);
        }
        return Math.log(density);
    }

    private double logScale(int k) {
        double result = Math.log(weights[k]) - 0.5 * latentDim() * LOG_TWO_PI;
        for (double std : stds[k]) {
            result -= Math.log(std);
        }
        return result;
    }

    @Override
    public Tensor sample(int n, Rng rng) {
        int latentDim = latentDim();
        float[] choice = rng.uniform(n).toFloats();
        float[] z = rng.normal(n, latentDim).toFloats();
        for (int row = 0; row < n; row++) {
            int k = component(choice[row]);
            for (int i = 0; i < latentDim; i++) {
                int at = row * latentDim + i;
                z[at] = (float) (means[k][i] + stds[k][i] * z[at]);
            }
        }
        return Tensor.of(z, n, latentDim);
    }

    private int component(double choice) {
        double below = 0;
        for (int k = 0; k < weights.length - 1; k++) {
            below += weights[k];
            if (choice < below) {
                return k;
            }
        }
        return weights.length - 1;
    }
}
