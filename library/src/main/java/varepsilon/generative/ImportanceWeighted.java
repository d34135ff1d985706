package varepsilon.generative;

import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Maximises the importance-weighted bound log 1/K Σₖ p(x|z⁽ᵏ⁾)·p(z⁽ᵏ⁾)/q(z⁽ᵏ⁾|x) with z⁽ᵏ⁾ = μ + σ·ε⁽ᵏ⁾ drawn from q
 * (Burda, Grosse, Salakhutdinov 2016), by the gradient of the bound itself. Measures {@code iw_nats}, the negative
 * bound, besides the ELBO. A step decodes K images for each image of the batch.
 */
public final class ImportanceWeighted extends MeasuredObjective {
    private final int samples;

    /**
     * Chooses this objective.
     *
     * @param samples K
     */
    @Named(value = "iwae", help = "the importance-weighted bound (Burda et al. 2016)")
    public record Choice(
            @Parameter(value = "draws of z for each image", min = 1, max = 10_000)
            int samples) implements VaeObjective {
        /** Rejects counts out of range. */
        public Choice {
            Declared.check(Choice.class, samples);
        }

        /** 5 draws. */
        public Choice() {
            this(5);
        }

        @Override
        public MeasuredObjective objective(Training training) {
            return new ImportanceWeighted(training.vae(), samples);
        }
    }

    /** The bound with so many draws, at least 1. */
    public ImportanceWeighted(Vae vae, int samples) {
        super(vae);
        this.samples = new Choice(samples).samples();
    }

    @Override
    protected BatchResult evaluate(Vae model, Tensor target, Rng rng) {
        return ofBound(model, target, samples, rng);
    }

    /** The bound as a loss. */
    static BatchResult ofBound(Vae model, Tensor target, int samples, Rng rng) {
        Posterior q = model.posterior(target);
        WeightedDraws weighted = WeightedDraws.of(model, target, q, q.draw(samples, rng));
        return new BatchResult(weighted.bound().mean().neg(), weighted.measured(target));
    }
}
