package varepsilon.generative;

import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The importance-weighted bound log 1/K Σₖ w⁽ᵏ⁾ with w = p(x|z)·p(z)/q(z|x) and z⁽ᵏ⁾ drawn from q (Burda et al. 2016):
 * the ELBO at K = 1, rising to log p(x) with K.
 */
public final class ImportanceWeightedBound {
    private ImportanceWeightedBound() {}

    /**
     * The bound for each image.
     *
     * @param logLikelihood N values in nats
     * @param effectiveSamples (Σ w)² / Σ w², N values from 1 to K: draws of equal weight that would tell as much (Kong
     *     1992)
     */
    public record Estimate(Tensor logLikelihood, Tensor effectiveSamples) {}

    /** The bound for each image, N values in nats, as {@link #estimate}. */
    public static Tensor logLikelihood(Vae vae, Tensor target, int samples, int chunk, Rng rng) {
        return estimate(vae, target, samples, chunk, rng).logLikelihood();
    }

    /**
     * The bound for each image, and how many draws it rests on.
     *
     * @param target values from {@link Vae#target}, N×C×H×W
     * @param samples K, at least 1
     * @param chunk draws decoded at once, at least 1; bounds memory and does not change the estimator
     */
    public static Estimate estimate(Vae vae, Tensor target, int samples, int chunk, Rng rng) {
        if (samples < 1 || chunk < 1) {
            throw new IllegalArgumentException("samples " + samples + ", chunk " + chunk + ": expected at least 1");
        }
        try (var scope = Scope.open()) {
            Posterior q = vae.posterior(target);
            Tensor total = null;
            Tensor squares = null;
            for (int done = 0; done < samples; done += chunk) {
                try (var inner = Scope.open()) {
                    Posterior.Draws draws = q.draw(Math.min(chunk, samples - done), rng);
                    // Squares of weights that differ little are beyond single precision.
                    Tensor logWeights = vae.logWeights(draws, target).to(DType.FLOAT64);
                    total = inner.keep(added(total, logWeights));
                    squares = inner.keep(added(squares, logWeights.mul(2)));
                }
            }
            return new Estimate(
                    scope.keep(total.sub(Math.log(samples))),
                    scope.keep(total.mul(2).sub(squares).exp()));
        }
    }

    /** The logarithm of the sum of exponentials so far, null for none, and over the first dimension of more. */
    private static Tensor added(Tensor soFar, Tensor more) {
        Tensor part = more.logSumExp(0);
        return soFar == null ? part : Ops.logAddExp(soFar, part);
    }
}
