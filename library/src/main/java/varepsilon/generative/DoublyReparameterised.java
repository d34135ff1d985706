package varepsilon.generative;

import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Maximises the importance-weighted bound by its doubly reparameterised gradient (Tucker et al. 2019), which is
 * unbiased as the bound's own is. For the encoder, the bound's own is ever more noise and less signal with growing K
 * (Rainforth et al. 2018), and this one is not. With w̃ the weights normalised over the K draws, the gradient is
 *
 * <ul>
 *   <li>Σₖ w̃ₖ · ∂ log p(x, zₖ)/∂θ at fixed zₖ, for all parameters of p(x|z) and p(z), and
 *   <li>Σₖ w̃ₖ² · ∂ log wₖ/∂zₖ · ∂zₖ/∂φ at fixed parameters of log w, for all parameters that zₖ is computed from.
 * </ul>
 *
 * A parameter of both gets the sum: the encoder's, where the VampPrior is a mixture of its posteriors, and the prior's,
 * where the posterior top-down is relative to it.
 *
 * <p>The derivative with respect to z is computed first, and then enters a surrogate as a constant, whose gradient is
 * the sum above. The surrogate is not a bound: the loss has the surrogate's gradient, and the value of the negative
 * bound. {@code iw_nats} is the negative bound too.
 */
public final class DoublyReparameterised extends MeasuredObjective {
    private final int samples;

    /**
     * Chooses this objective.
     *
     * @param samples K
     */
    @Named(
            value = "dreg",
            help = "the importance-weighted bound, by its doubly reparameterised gradient (Tucker et al. 2019)")
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
            return new DoublyReparameterised(training.vae(), samples);
        }
    }

    /** The gradient with so many draws, at least 1. */
    public DoublyReparameterised(Vae vae, int samples) {
        super(vae);
        this.samples = new Choice(samples).samples();
    }

    @Override
    protected BatchResult evaluate(Vae model, Tensor target, Rng rng) {
        Posterior q = model.posterior(target);
        Posterior.Draws draws = q.draw(samples, rng);
        // The same numbers, on which no gradient passes to the encoder.
        Tensor z = draws.z().detach().requiresGrad(true);
        WeightedDraws weighted =
                WeightedDraws.of(model, target, q, new Posterior.Draws(z, q.logProbability(z), draws.divergence()));
        Tensor weights = weighted.logWeights().softmax(0).detach();
        Tensor slope =
                Gradients.keeping(weights.square().mul(weighted.logWeights()).sum(), z);
        Tensor surrogate = weights.mul(weighted.logJoint())
                .sum()
                .add(slope.detach().mul(draws.z()).sum())
                .div(target.size(0));
        return new BatchResult(
                withGradientOf(surrogate.neg(), weighted.bound().mean().neg()), weighted.measured(target));
    }

    @Override
    protected BatchResult validate(Vae model, Tensor target, Rng rng) {
        return ImportanceWeighted.ofBound(model, target, samples, rng);
    }
}
