package varepsilon.generative;

import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Minimises −E_q[log p(x|z)] + γ·|KL − C|, averaged over images, with a capacity C in nats that rises linearly from 0
 * (Burgess et al. 2018): the divergence follows C, and with it the information in z. KL is the average over the batch.
 */
public final class CapacityObjective extends MeasuredObjective {
    private final Choice choice;
    private double capacity;

    /**
     * Chooses this objective.
     *
     * @param capacity C at the end of its rise
     * @param gamma weight of the distance between divergence and capacity
     * @param rise epochs over which C rises from 0
     */
    @Named(value = "capacity", help = "a divergence held at a capacity that rises over epochs (Burgess et al. 2018)")
    public record Choice(
            @Parameter(value = "divergence at the end of its rise, in nats", min = 0)
            double capacity,

            @Parameter(value = "weight of the penalty", min = 0)
            double gamma,

            @Parameter(value = "epochs over which the capacity rises from 0; 0 for none", min = 0)
            double rise)
            implements VaeObjective {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, capacity, gamma, rise);
        }

        /** 25 nats after 20 epochs, of weight 100. */
        public Choice() {
            this(25, 100, 20);
        }

        /** C at a position of the training, in epochs done. */
        double at(double epoch) {
            return epoch < rise ? capacity * epoch / rise : capacity;
        }

        @Override
        public MeasuredObjective objective(Training training) {
            return new CapacityObjective(training.vae(), this);
        }
    }

    /** With this capacity. */
    public CapacityObjective(Vae vae, Choice choice) {
        super(vae);
        this.choice = choice;
        this.capacity = choice.at(0);
    }

    @Override
    public void at(double epoch) {
        capacity = choice.at(epoch);
    }

    @Override
    protected BatchResult evaluate(Vae model, Tensor target, Rng rng) {
        Elbo elbo = model.elbo(target, rng);
        Tensor distance = elbo.kl().mean().sub(capacity).abs();
        Tensor loss = elbo.logLikelihood().mean().neg().add(distance.mul(choice.gamma));
        return new BatchResult(loss, measured(elbo, target));
    }
}
