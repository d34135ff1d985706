package varepsilon.generative;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Module;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * The posterior of a {@link HierarchicalPrior}, group by group from the top (Sønderby et al. 2016): q(zₗ|z₁ … zₗ₋₁, x) is
 * a Gaussian relative to p(zₗ|z₁ … zₗ₋₁) (Vahdat, Kautz 2020), its mean μₚ + Δμ and its deviation σₚ·exp(Δ log σ), where
 * a network computes both differences from the encoder's output and the groups above.
 */
public final class TopDown extends Module implements Inference {
    private final HierarchicalPrior prior;
    private final List<Sequential> networks = new ArrayList<>();

    /**
     * Chooses this posterior.
     *
     * @param features outputs of the encoder
     * @param width outputs of the hidden layers
     */
    @Named(value = "top-down", help = "Gaussians, group by group, for the prior hierarchical")
    public record Choice(
            @Parameter(value = "outputs of the encoder", min = 1, max = 65_536)
            int features,

            @Parameter(value = "outputs of hidden layers", min = 1, max = 8192)
            int width)
            implements PosteriorChoice {
        /** Rejects counts out of range. */
        public Choice {
            Declared.check(Choice.class, features, width);
        }

        /** 256 features, networks of width 256. */
        public Choice() {
            this(256, 256);
        }

        @Override
        public int outputs(int latentDim) {
            return features;
        }

        @Override
        public String meaning(int latentDim) {
            return "features, of which the networks of the groups of z, which are not in this file, make q(z|x)";
        }

        @Override
        public Inference create(Prior prior, Init init) {
            if (!(prior instanceof HierarchicalPrior hierarchical)) {
                throw new InputException(
                        "the posterior top-down is that of the prior hierarchical: expected that prior");
            }
            return new TopDown(hierarchical, features, width, init);
        }
    }

    private TopDown(HierarchicalPrior prior, int features, int width, Init init) {
        this.prior = prior;
        int above = 0;
        for (int size : prior.sizes()) {
            networks.add(child(
                    Integer.toString(networks.size()),
                    new Sequential(
                            new Linear(features + above, width, init),
                            Layer.of(Ops::gelu),
                            new Linear(width, width, init),
                            Layer.of(Ops::gelu),
                            new Linear(width, 2 * size, init))));
            above += size;
        }
    }

    @Override
    public Posterior posterior(Tensor output) {
        return new Groups(this, output);
    }

    /** q(zₗ|z₁ … zₗ₋₁, x) and p(zₗ|z₁ … zₗ₋₁), where that is a Gaussian, for rows of features and the groups above. */
    private record Conditional(DiagonalGaussian q, Optional<DiagonalGaussian> p) {
        /** KL(q ‖ p), in closed form where p is a Gaussian, else from z drawn from q. */
        Tensor divergence(Tensor z, Prior top) {
            return p.map(known -> {
                        Tensor variance = q.logStd().sub(known.logStd()).mul(2).exp();
                        Tensor offset = q.mean()
                                .sub(known.mean())
                                .mul(known.logStd().neg().exp());
                        return variance.add(offset.square())
                                .sub(1)
                                .mul(0.5)
                                .sub(q.logStd().sub(known.logStd()))
                                .sum(-1);
                    })
                    .orElseGet(() -> q.logProbability(z).sub(top.logProbability(z)));
        }
    }

    private Conditional conditional(int group, Tensor features, Tensor above) {
        Optional<DiagonalGaussian> p = prior.conditional(group, above);
        DiagonalGaussian change =
                DiagonalGaussian.of(networks.get(group).forward(Tensor.concat(1, List.of(features, above))));
        DiagonalGaussian q = p.map(known -> new DiagonalGaussian(
                        known.mean().add(change.mean()), known.logStd().add(change.logStd())))
                .orElse(change);
        return new Conditional(q, p);
    }

    /**
     * The posteriors of N images.
     *
     * @param features the encoder's output, N×features
     */
    private record Groups(TopDown networks, Tensor features) implements GroupedPosterior {
        @Override
        public DiagonalGaussian given(int group, Tensor above) {
            return networks.conditional(group, features, above).q;
        }

        /** The means, each given those above. */
        @Override
        public Tensor mean() {
            return walk(features, (group, q, above) -> q.mean()).z;
        }

        @Override
        public Draws draw(int k, Rng rng) {
            long n = features.size(0);
            Walk walk = walk(repeated(k), (group, q, above) -> q.sample(rng));
            return new Draws(
                    walk.z.reshape(k, n, -1),
                    walk.logProbability.reshape(k, n),
                    Optional.of(walk.divergence.reshape(k, n)));
        }

        @Override
        public Tensor logProbability(Tensor z) {
            long[] shape = z.shape();
            long n = features.size(0);
            Tensor rows = z.reshape(-1, networks.prior.latentDim());
            int[] sizes = networks.prior.sizes();
            long k = rows.size(0) / n;
            return walk(repeated(k), (group, q, above) -> rows.narrow(1, above.size(1), sizes[group]))
                    .logProbability
                    .reshape(Arrays.copyOf(shape, shape.length - 1));
        }

        private Tensor repeated(long k) {
            long n = features.size(0);
            return k == 1
                    ? features
                    : features.unsqueeze(0).expand(k, n, features.size(1)).reshape(k * n, features.size(1));
        }

        private record Walk(Tensor z, Tensor logProbability, Tensor divergence) {}

        private interface Value {
            Tensor of(int group, DiagonalGaussian q, Tensor above);
        }

        private Walk walk(Tensor rows, Value value) {
            Tensor z = rows.narrow(1, 0, 0);
            Tensor logProbability = null;
            Tensor divergence = null;
            for (int group = 0; group < networks.networks.size(); group++) {
                Conditional conditional = networks.conditional(group, rows, z);
                DiagonalGaussian q = conditional.q;
                Tensor own = value.of(group, q, z);
                Tensor logQ = q.logProbability(own);
                Tensor kl = conditional.divergence(own, networks.prior.top());
                logProbability = logProbability == null ? logQ : logProbability.add(logQ);
                divergence = divergence == null ? kl : divergence.add(kl);
                z = Tensor.concat(1, List.of(z, own));
            }
            return new Walk(z, logProbability, divergence);
        }
    }
}
