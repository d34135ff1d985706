package varepsilon.generative;

import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Maximises the ELBO by the score-function gradient (Williams 1992, "REINFORCE"; Paisley, Blei, Jordan 2012), which
 * does not differentiate through z: ∂/∂φ E_q[f(z)] = E_q[(f(z) − b)·∂ log q(z|x)/∂φ] with f = log p(x|z) + log p(z) −
 * log q(z|x), and b a control variate that does not depend on z. It is unbiased, and its variance is so high that
 * reparameterised gradients are preferred wherever z is continuous; it is here to be compared with them. Of K draws, b
 * is for each the mean f of the others (Kool, van Hoof, Welling 2019), or 0.
 *
 * <p>The loss has that gradient and the value of the negative ELBO.
 */
public final class ScoreFunction extends MeasuredObjective {
    private static final String OTHERS = "leave-one-out";

    private final Choice choice;

    /**
     * Chooses this objective.
     *
     * @param samples K
     * @param baseline the control variate
     */
    @Named(value = "score-function", help = "the ELBO, by the score-function gradient (REINFORCE), for comparison")
    public record Choice(
            @Parameter(value = "draws of z for each image", min = 1, max = 10_000)
            int samples,

            @Parameter(
                    value = "control variate: for each draw, the mean of the image's others, or none",
                    oneOf = {OTHERS, "none"})
            String baseline)
            implements VaeObjective {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, samples, baseline);
            if (baseline.equals(OTHERS) && samples < 2) {
                throw new InputException("samples " + samples + ": expected at least 2 for the baseline " + OTHERS
                        + "; baseline=none takes 1");
            }
        }

        /** 5 draws, each with the mean of the others as control variate. */
        public Choice() {
            this(5, OTHERS);
        }

        @Override
        public MeasuredObjective objective(Training training) {
            return new ScoreFunction(training.vae(), this);
        }
    }

    /** The gradient with these draws and this control variate. */
    public ScoreFunction(Vae vae, Choice choice) {
        super(vae);
        this.choice = choice;
    }

    @Override
    protected BatchResult evaluate(Vae model, Tensor target, Rng rng) {
        Posterior q = model.posterior(target);
        Posterior.Draws drawn = q.draw(choice.samples, rng);
        Tensor z = drawn.z().detach();
        Tensor score = q.logProbability(z);
        WeightedDraws weighted = WeightedDraws.of(model, target, q, new Posterior.Draws(z, score, drawn.divergence()));
        Tensor f = weighted.logWeights().detach();
        Tensor surrogate = weighted.logJoint().add(f.sub(baseline(f)).mul(score));
        return new BatchResult(
                withGradientOf(surrogate.mean().neg(), f.mean().neg()), measured(weighted.elbo(), target));
    }

    private Tensor baseline(Tensor f) {
        return choice.baseline.equals(OTHERS) ? f.sum(0).sub(f).div(choice.samples - 1.0) : f.zerosLike();
    }
}
