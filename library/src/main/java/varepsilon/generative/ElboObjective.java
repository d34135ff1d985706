package varepsilon.generative;

import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Minimises −E_q[log p(x|z)] + β·KL, averaged over images. Measures the ELBO (β = 1, no free bits), also where another
 * β or free bits are minimised.
 */
public final class ElboObjective extends MeasuredObjective {
    private final Choice choice;
    private double beta;

    /**
     * Chooses this objective.
     *
     * @param beta weight of the divergence (Higgins et al. 2017)
     * @param freeNats divergence of each latent dimension that is not penalised: its average over the batch counts only
     *     above this (Kingma et al. 2016, "free bits"), in nats. Where the divergence is not known by dimension, all d
     *     dimensions are one group, of whose divergence d times as much is free
     * @param warmUp epochs over which the weight rises linearly from 0 to β (Sønderby et al. 2016)
     * @param cycle epochs after which the weight begins again at 0 (Fu et al. 2019); 0 for a single rise
     */
    @Named(value = "elbo", help = "the evidence lower bound, with a weight on its divergence")
    public record Choice(
            @Parameter(value = "weight of the divergence", min = 0)
            double beta,

            @Parameter(value = "divergence of each latent dimension that is not penalised, in nats", min = 0)
            double freeNats,

            @Parameter(value = "epochs over which the weight of the divergence rises from 0; 0 for none", min = 0)
            double warmUp,

            @Parameter(value = "epochs after which the weight begins again at 0; 0 for a single rise", min = 0)
            double cycle)
            implements VaeObjective {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, beta, freeNats, warmUp, cycle);
            if (cycle > 0 && !(warmUp > 0 && warmUp <= cycle)) {
                throw new InputException("warmUp " + warmUp + ": expected more than 0 and at most the cycle, "
                        + Declared.text(cycle) + " epochs, in which the weight rises");
            }
        }

        /** The bound itself. */
        public Choice() {
            this(1);
        }

        /** A weighted bound. */
        public Choice(double beta) {
            this(beta, 0, 0, 0);
        }

        /** The weight of the divergence at a position of the training, in epochs done. */
        double weight(double epoch) {
            double position = cycle > 0 ? epoch % cycle : epoch;
            return position < warmUp ? beta * position / warmUp : beta;
        }

        @Override
        public void requireUsable(PriorChoice prior, PosteriorChoice posterior) {
            if (posterior instanceof Quantised.Choice && !equals(new Choice())) {
                throw new InputException(
                        "objective elbo with the posterior quantised: expected the plain bound, because"
                                + " the codebook is trained by its divergence, and the encoder does not see it");
            }
        }

        @Override
        public MeasuredObjective objective(Training training) {
            return new ElboObjective(training.vae(), this);
        }
    }

    /** The bound itself. */
    public ElboObjective(Vae vae) {
        this(vae, new Choice());
    }

    /**
     * A weighted bound, of constant weight.
     *
     * @param beta weight of the divergence
     * @param freeNats divergence of each latent dimension that is not penalised, in nats
     */
    public ElboObjective(Vae vae, double beta, double freeNats) {
        this(vae, new Choice(beta, freeNats, 0, 0));
    }

    /** A weighted bound. */
    public ElboObjective(Vae vae, Choice choice) {
        super(vae);
        this.choice = choice;
        this.beta = choice.weight(0);
    }

    @Override
    public void at(double epoch) {
        beta = choice.weight(epoch);
    }

    @Override
    protected BatchResult evaluate(Vae model, Tensor target, Rng rng) {
        Elbo elbo = model.elbo(target, rng);
        Tensor loss =
                elbo.logLikelihood().mean().neg().add(divergence(model, elbo).mul(beta));
        return new BatchResult(loss, measured(elbo, target));
    }

    private Tensor divergence(Vae model, Elbo elbo) {
        if (choice.freeNats == 0) {
            return elbo.kl().mean();
        }
        return KullbackLeibler.perDimension(elbo.posterior(), model.prior())
                .map(kl -> aboveFree(kl.mean(0), 1))
                .orElseGet(() -> aboveFree(elbo.kl().mean(), model.prior().latentDim()));
    }

    /** Σ max(λ·size, KL) over groups of so many dimensions. */
    private Tensor aboveFree(Tensor perGroup, int size) {
        return perGroup.max(
                        Tensor.full(choice.freeNats * size, perGroup.dtype()).to(perGroup.device()))
                .sum();
    }
}
