package varepsilon.generative;

import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.nn.Init;
import varepsilon.nn.Module;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** A prior that is a mixture of Gaussians with diagonal covariances, whose weights, means and deviations are learned. */
public final class MixtureOfGaussians extends Module implements Prior {
    private final Tensor logits;
    private final Tensor means;
    private final Tensor logStds;

    /**
     * Chooses this prior.
     *
     * @param components Gaussians
     */
    @Named(value = "mixture", help = "a learned mixture of Gaussians with diagonal covariances")
    public record Choice(
            @Parameter(value = "components of a mixture", min = 1, max = 10_000)
            int components) implements PriorChoice {
        /** Rejects counts out of range. */
        public Choice {
            Declared.check(Choice.class, components);
        }

        /** 100 components. */
        public Choice() {
            this(100);
        }

        @Override
        public Prior create(LatentSpace space, Init init) {
            return new MixtureOfGaussians(components, space.dimensions(), init);
        }
    }

    /** Components of equal weight and variance 1, whose means are drawn from N(0, I); a single one is N(0, I). */
    public MixtureOfGaussians(int components, int latentDim, Init init) {
        try (var scope = Scope.withoutGradients()) {
            logits = parameter("logits", init.constant(0, components));
            means = parameter("means", init.normal(components == 1 ? 0 : 1, components, latentDim));
            logStds = parameter("log_stds", init.constant(0, components, latentDim));
        }
    }

    private GaussianComponents components() {
        return new GaussianComponents(logits.logSoftmax(0), means, logStds);
    }

    @Override
    public Tensor logProbability(Tensor z) {
        return components().logProbability(z);
    }

    @Override
    public Tensor sample(int n, Rng rng) {
        return components().sample(n, rng);
    }

    @Override
    public Prior frozen() {
        return components();
    }

    @Override
    public int latentDim() {
        return (int) means.size(1);
    }
}
