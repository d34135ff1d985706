package varepsilon.generative;

import java.util.Optional;
import java.util.function.Supplier;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/** The divergence KL(q(z|x) ‖ p(z)), for each image, in nats. */
public final class KullbackLeibler {
    private KullbackLeibler() {}

    /**
     * A Monte Carlo estimate.
     *
     * @param value N estimates
     * @param standardError N standard errors of {@code value}; not a number where a single draw was made
     */
    public record Estimate(Tensor value, Tensor standardError) {}

    /** The closed form, N values; empty where none is known for this pair. */
    public static Optional<Tensor> closedForm(Posterior q, Prior p) {
        if (q instanceof FullGaussian full && p instanceof StandardNormal) {
            return Optional.of(full.toStandardNormal());
        }
        return perDimension(q, p).map(kl -> kl.sum(-1));
    }

    /** The closed form for each latent dimension, N×latentDim; empty where none is known or p does not factorise. */
    public static Optional<Tensor> perDimension(Posterior q, Prior p) {
        return q instanceof DiagonalGaussian normal && p instanceof StandardNormal
                ? Optional.of(toStandardNormal(normal))
                : Optional.empty();
    }

    // ½ (σ² + μ² − 1 − log σ²)  (Kingma, Welling 2014, appendix B)
    private static Tensor toStandardNormal(DiagonalGaussian q) {
        Tensor variance = q.logStd().mul(2).exp();
        return variance.add(q.mean().square()).sub(1).mul(0.5).sub(q.logStd());
    }

    /** 1/L Σₗ [log q(z⁽ˡ⁾|x) − log p(z⁽ˡ⁾)] with z⁽ˡ⁾ drawn from q: unbiased for every pair, error ∝ 1/√L. */
    public static Estimate monteCarlo(Posterior q, Prior p, int draws, Rng rng) {
        if (draws < 1) {
            throw new IllegalArgumentException("draws " + draws + ": expected at least 1");
        }
        Posterior.Draws drawn = q.draw(draws, rng);
        Tensor difference = drawn.logProbability().sub(p.logProbability(drawn.z()));
        Tensor mean = difference.mean(0);
        Tensor variance = difference.sub(mean).square().sum(0).div(draws - 1.0);
        return new Estimate(mean, variance.div(draws).sqrt());
    }

    /**
     * The closed form where there is one, else the best estimate that draws of q give, averaged over them: N values.
     */
    static Tensor between(Posterior q, Prior p, Posterior.Draws draws) {
        return between(q, p, draws, () -> p.logProbability(draws.z()));
    }

    /**
     * The same where log p(z) of the draws may be known already.
     *
     * @param logPrior log p(z) of the draws, K×N; asked for only where it is needed
     */
    static Tensor between(Posterior q, Prior p, Posterior.Draws draws, Supplier<Tensor> logPrior) {
        return closedForm(q, p)
                .orElseGet(() -> draws.divergence()
                        .orElseGet(() -> draws.logProbability().sub(logPrior.get()))
                        .mean(0));
    }
}
