package varepsilon.generative;

import java.util.List;
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
     * The bound for each image: N values in nats.
     *
     * @param target values from {@link Vae#target}, N×C×H×W
     * @param samples K, at least 1
     * @param chunk draws decoded at once, at least 1; bounds memory and does not change the estimator
     */
    public static Tensor logLikelihood(Vae vae, Tensor target, int samples, int chunk, Rng rng) {
        if (samples < 1 || chunk < 1) {
            throw new IllegalArgumentException("samples " + samples + ", chunk " + chunk + ": expected at least 1");
        }
        try (var scope = Scope.open()) {
            Posterior q = vae.posterior(target);
            Tensor total = null;
            for (int done = 0; done < samples; done += chunk) {
                try (var inner = Scope.open()) {
                    Tensor part = vae.logWeights(q.draw(Math.min(chunk, samples - done), rng), target)
                            .logSumExp(0);
                    total = inner.keep(total == null ? part : logAddExp(total, part));
                }
            }
            return scope.keep(total.sub(Math.log(samples)));
        }
    }

    private static Tensor logAddExp(Tensor a, Tensor b) {
        return Tensor.stack(0, List.of(a, b)).logSumExp(0);
    }
}
