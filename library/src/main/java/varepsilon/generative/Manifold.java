package varepsilon.generative;

import org.apache.commons.statistics.distribution.NormalDistribution;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/** Walks through latent space: the grid of a two-dimensional one, and lines between images. */
public final class Manifold {
    private static final int MAX_SIDE = 1000;

    private Manifold() {}

    /**
     * n² latent points, row by row: z = Φ⁻¹((i + ½)/n) on each axis, so that each stands for the same share of the
     * prior (Kingma, Welling 2014, figure 4). The first coordinate grows from left to right, the second from bottom to
     * top.
     *
     * @param n points on each axis, 1 to 1000
     * @return FLOAT32 n²×2
     */
    public static Tensor grid(int n) {
        if (n < 1 || n > MAX_SIDE) {
            throw new InputException("a manifold of " + n + " by " + n + " images: expected 1 to " + MAX_SIDE);
        }
        NormalDistribution normal = NormalDistribution.of(0, 1);
        float[] z = new float[n * n * 2];
        for (int row = 0; row < n; row++) {
            for (int column = 0; column < n; column++) {
                int at = 2 * (row * n + column);
                z[at] = (float) normal.inverseCumulativeProbability((column + 0.5) / n);
                z[at + 1] = (float) normal.inverseCumulativeProbability((n - 1 - row + 0.5) / n);
            }
        }
        return Tensor.of(z, (long) n * n, 2);
    }

    /**
     * Points on straight lines from {@code from} to {@code to} (both N×latentDim), ends included.
     *
     * @param steps points on each line, at least 2
     * @return (N·steps)×latentDim, line by line
     */
    public static Tensor lines(Tensor from, Tensor to, int steps) {
        if (steps < 2) {
            throw new InputException("an interpolation of " + steps + " steps: expected at least 2");
        }
        float[] weights = new float[steps];
        for (int i = 0; i < steps; i++) {
            weights[i] = i / (steps - 1f);
        }
        Tensor weight = Tensor.of(weights, 1, steps, 1).to(from.device());
        return from.unsqueeze(1).add(to.sub(from).unsqueeze(1).mul(weight)).flatten(0, 1);
    }
}
