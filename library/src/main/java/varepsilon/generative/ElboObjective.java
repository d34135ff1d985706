package varepsilon.generative;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.data.Batch;
import varepsilon.nn.Module;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;
import varepsilon.train.Objective;

/**
 * Minimises −E_q[log p(x|z)] + β·KL, averaged over images. Measures {@code bpd}, {@code reconstruction_nats} and
 * {@code kl_nats} of the ELBO (β = 1, no free bits), also where another β or free bits are minimised.
 */
public final class ElboObjective implements Objective {
    private final Vae vae;
    private final double beta;
    private final double freeNats;

    /** The bound itself. */
    public ElboObjective(Vae vae) {
        this(vae, 1, 0);
    }

    /**
     * A weighted bound.
     *
     * @param beta weight of the divergence (Higgins et al. 2017)
     * @param freeNats divergence of each latent dimension that is not penalised: its average over the batch counts only
     *     above this (Kingma et al. 2016, "free bits"), in nats
     */
    public ElboObjective(Vae vae, double beta, double freeNats) {
        if (!(beta >= 0) || Double.isInfinite(beta)) {
            throw new IllegalArgumentException("beta " + beta + ": expected a number >= 0");
        }
        if (!(freeNats >= 0) || Double.isInfinite(freeNats)) {
            throw new IllegalArgumentException("freeNats " + freeNats + ": expected a number >= 0");
        }
        this.vae = vae;
        this.beta = beta;
        this.freeNats = freeNats;
    }

    @Override
    public Module model() {
        return vae;
    }

    @Override
    public BatchResult evaluate(Batch batch, Rng rng) {
        return evaluate(batch, vae.trainingTarget(batch.images(), rng), rng);
    }

    @Override
    public BatchResult validate(Batch batch, Rng rng) {
        return evaluate(batch, vae.target(batch.images()), rng);
    }

    private BatchResult evaluate(Batch batch, Tensor target, Rng rng) {
        Elbo elbo = vae.given(batch).elbo(target, rng);
        long dimensions = target.count() / target.size(0);
        Map<String, Tensor> perExample = new LinkedHashMap<>();
        perExample.put("bpd", elbo.bitsPerDimension(dimensions).detach());
        perExample.put("reconstruction_nats", elbo.logLikelihood().neg().detach());
        perExample.put("kl_nats", elbo.kl().detach());
        Tensor loss = elbo.logLikelihood().mean().neg().add(divergence(elbo).mul(beta));
        return new BatchResult(loss, perExample);
    }

    private Tensor divergence(Elbo elbo) {
        if (freeNats == 0) {
            return elbo.kl().mean();
        }
        Tensor perDimension = KullbackLeibler.perDimension(elbo.posterior(), vae.prior())
                .orElseThrow(() -> new IllegalStateException("free nats need a divergence for each dimension"))
                .mean(0);
        return perDimension
                .max(Tensor.full(freeNats, perDimension.dtype()).to(vae.device()))
                .sum();
    }
}
