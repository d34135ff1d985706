package varepsilon.generative;

import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;

/**
 * A mixture of Gaussians with diagonal covariances.
 *
 * @param logWeights logarithms of the components' weights, K
 * @param means K×latentDim
 * @param logStds natural logarithms of the standard deviations, K×latentDim
 */
record GaussianComponents(Tensor logWeights, Tensor means, Tensor logStds) implements Prior {
    @Override
    public Tensor logProbability(Tensor z) {
        return logJoint(z).logSumExp(-1);
    }

    /** log weight + log N(z; mean, std²) of each component: z …×latentDim, result …×K. */
    Tensor logJoint(Tensor z) {
        DiagonalGaussian components = new DiagonalGaussian(means, logStds);
        return components.logProbability(z.unsqueeze(-2)).add(logWeights);
    }

    @Override
    public Tensor sample(int n, Rng rng) {
        // Gumbel's trick: argmax(log weight − log E) with E standard exponential draws a component.
        Tensor exponential = rng.exponential(n, logWeights.size(0)).to(logWeights.device());
        Tensor component = logWeights.sub(exponential.log()).argmax(1);
        return new DiagonalGaussian(means.indexSelect(0, component), logStds.indexSelect(0, component)).sample(rng);
    }

    @Override
    public int latentDim() {
        return (int) means.size(1);
    }
}
