package varepsilon.generative;

import varepsilon.tensor.Tensor;

/** A posterior over the groups of a {@link HierarchicalPrior}, each a Gaussian given those above it. */
interface GroupedPosterior extends Posterior {
    /**
     * q(zₗ|z₁ … zₗ₋₁, x) of a group.
     *
     * @param group 0 for the top
     * @param above the groups above, N×their dimensions
     */
    DiagonalGaussian given(int group, Tensor above);
}
