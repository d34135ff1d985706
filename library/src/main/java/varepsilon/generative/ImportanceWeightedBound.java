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
            DiagonalGaussian q = vae.posterior(target);
            Tensor total = null;
            for (int done = 0; done < samples; done += chunk) {
                try (var inner = Scope.open()) {
                    Tensor part = logSumOfWeights(vae, q, target, Math.min(chunk, samples - done), rng);
                    total = inner.keep(total == null ? part : logAddExp(total, part));
                }
            }
            return scope.keep(total.sub(Math.log(samples)));
        }
    }

    private static Tensor logSumOfWeights(Vae vae, DiagonalGaussian q, Tensor target, int k, Rng rng) {
        long n = target.size(0);
        Tensor z = q.sample(k, rng);
        Tensor output = vae.decode(z.flatten(0, 1));
        long[] repeated = target.shape().clone();
        repeated[0] = k * n;
        Tensor targets = target.unsqueeze(0).expand(prepend(k, target.shape())).reshape(repeated);
        Tensor logWeights = vae.likelihood()
                .logProbability(output, targets)
                .reshape(k, n)
                .add(vae.prior().logProbability(z))
                .sub(q.logProbability(z));
        return logWeights.logSumExp(0);
    }

    private static Tensor logAddExp(Tensor a, Tensor b) {
        return Tensor.stack(0, List.of(a, b)).logSumExp(0);
    }

    private static long[] prepend(long first, long[] rest) {
        long[] all = new long[rest.length + 1];
        all[0] = first;
        System.arraycopy(rest, 0, all, 1, rest.length);
        return all;
    }
}
