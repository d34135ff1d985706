package varepsilon.generative;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import varepsilon.base.Declared;
import varepsilon.base.Family;
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
 * A prior over groups of latent dimensions, each given those above it (Sønderby et al. 2016): p(z) = p(z₁) Πₗ p(zₗ|z₁ …
 * zₗ₋₁), where the first, top group has a prior of its own, and the others are Gaussians whose means and deviations a
 * network computes from all groups above. Fresh networks make every group N(0, I). z is the groups side by side, from
 * the top.
 */
public final class HierarchicalPrior extends Module implements Prior {
    private final Prior top;
    private final List<Sequential> networks = new ArrayList<>();
    private final int[] sizes;

    /**
     * Chooses this prior.
     *
     * @param groups of latent dimensions, as equal in size as can be
     * @param width outputs of the hidden layers
     * @param top prior of the first group, with its defaults
     */
    @Named(
            value = "hierarchical",
            help = "groups of latent dimensions, each Gaussian given those above it; with the posterior top-down")
    public record Choice(
            @Parameter(value = "groups of latent dimensions", min = 1, max = 64)
            int groups,

            @Parameter(value = "outputs of hidden layers", min = 1, max = 8192)
            int width,

            @Parameter(
                    value = "prior of the first group",
                    oneOf = {"standard-normal", "mixture", "flow"})
            String top)
            implements PriorChoice {
        /** Rejects values out of range. */
        public Choice {
            Declared.check(Choice.class, groups, width, top);
        }

        /** Two groups, networks of width 128, and N(0, I) at the top. */
        public Choice() {
            this(2, 128, "standard-normal");
        }

        @Override
        public Prior create(LatentSpace space, Init init) {
            if (space.dimensions() < groups) {
                throw new InputException("the prior hierarchical of " + groups + " groups for latent dimension "
                        + space.dimensions() + ": expected at least as many dimensions");
            }
            int[] sizes = new int[groups];
            for (int i = 0; i < groups; i++) {
                sizes[i] = space.dimensions() / groups + (i < space.dimensions() % groups ? 1 : 0);
            }
            LatentSpace first = new LatentSpace(sizes[0], space.encoderInput(), space.encode());
            Prior p = Family.of(PriorChoice.class).parse(top).create(first, init);
            return new HierarchicalPrior(p, sizes, width, init);
        }
    }

    private HierarchicalPrior(Prior top, int[] sizes, int width, Init init) {
        this.sizes = sizes;
        this.top = top;
        if (top instanceof Module learned) {
            child("top", learned);
        }
        int above = sizes[0];
        for (int i = 1; i < sizes.length; i++) {
            networks.add(child(
                    Integer.toString(i),
                    new Sequential(
                            new Linear(above, width, init),
                            Layer.of(Ops::gelu),
                            new Linear(width, width, init),
                            Layer.of(Ops::gelu),
                            new Linear(width, 2 * sizes[i], init.zeros()))));
            above += sizes[i];
        }
    }

    /** Sizes of the groups, from the top. */
    int[] sizes() {
        return sizes.clone();
    }

    /** The prior of the top group. */
    Prior top() {
        return top;
    }

    /**
     * p(zₗ|z₁ … zₗ₋₁) of a group as a Gaussian; empty for a top group whose prior is none.
     *
     * @param group 0 for the top
     * @param above the groups above, R×their dimensions; for the top, R×0
     */
    Optional<DiagonalGaussian> conditional(int group, Tensor above) {
        if (group > 0) {
            return Optional.of(DiagonalGaussian.of(networks.get(group - 1).forward(above)));
        }
        Tensor zeros =
                top instanceof StandardNormal ? above.sum(1L).unsqueeze(1).expand(above.size(0), sizes[0]) : null;
        return Optional.ofNullable(zeros).map(zero -> new DiagonalGaussian(zero, zero));
    }

    @Override
    public Tensor logProbability(Tensor z) {
        long[] shape = z.shape();
        Tensor rows = z.reshape(-1, latentDim());
        Tensor total = top.logProbability(rows.narrow(1, 0, sizes[0]));
        int from = sizes[0];
        for (int i = 1; i < sizes.length; i++) {
            DiagonalGaussian p = conditional(i, rows.narrow(1, 0, from)).orElseThrow();
            total = total.add(p.logProbability(rows.narrow(1, from, sizes[i])));
            from += sizes[i];
        }
        return total.reshape(Arrays.copyOf(shape, shape.length - 1));
    }

    @Override
    public Tensor sample(int n, Rng rng) {
        Tensor z = top.sample(n, rng);
        if (!networks.isEmpty()) {
            Tensor like = networks.get(0).parameters().values().iterator().next();
            z = z.to(like.dtype()).to(like.device());
        }
        for (int i = 1; i < sizes.length; i++) {
            z = Tensor.concat(1, List.of(z, conditional(i, z).orElseThrow().sample(rng)));
        }
        return z;
    }

    @Override
    public int latentDim() {
        return Arrays.stream(sizes).sum();
    }
}
