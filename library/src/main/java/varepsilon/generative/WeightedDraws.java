package varepsilon.generative;

import java.util.Map;
import varepsilon.tensor.Tensor;

/**
 * Draws of z for the images of a batch, with the terms of the bounds on log p(x) that they give.
 *
 * @param logJoint log p(x|z) + log p(z) in nats, K×N
 * @param logWeights log w = log p(x|z) + log p(z) − log q(z|x) in nats, K×N
 * @param elbo the ELBO of each image, averaged over its draws
 */
record WeightedDraws(Tensor logJoint, Tensor logWeights, Elbo elbo) {
    /**
     * The terms of draws from q(z|x).
     *
     * @param target from {@link Vae#target}, N×C×H×W
     */
    static WeightedDraws of(Vae model, Tensor target, Posterior q, Posterior.Draws draws) {
        Tensor logLikelihood = model.logLikelihoods(draws.z(), target);
        Tensor logPrior = model.prior().logProbability(draws.z());
        Tensor logJoint = logLikelihood.add(logPrior);
        Tensor kl = KullbackLeibler.between(q, model.prior(), draws, () -> logPrior);
        return new WeightedDraws(
                logJoint, logJoint.sub(draws.logProbability()), new Elbo(logLikelihood.mean(0), kl, q));
    }

    /** The importance-weighted bound log 1/K Σₖ w⁽ᵏ⁾, N values in nats. */
    Tensor bound() {
        return logWeights.logSumExp(0).sub(Math.log(logWeights.size(0)));
    }

    /** What objectives of importance-weighted bounds measure: the ELBO, and {@code iw_nats}, the negative bound. */
    Map<String, Tensor> measured(Tensor target) {
        Map<String, Tensor> measured = MeasuredObjective.measured(elbo, target);
        measured.put("iw_nats", bound().neg().detach());
        return measured;
    }
}
