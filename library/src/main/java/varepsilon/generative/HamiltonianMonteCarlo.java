package varepsilon.generative;

import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Hamiltonian Monte Carlo (Duane et al. 1987; Neal 2011): a momentum drawn anew, leapfrog steps, and Metropolis' test of
 * the end point. A transition leaves its distribution invariant and is reversible, whatever the step size.
 *
 * @param leapfrogs leapfrog steps of a transition, at least 1
 */
record HamiltonianMonteCarlo(int leapfrogs) {
    /** Each chain's step size varies by up to this share, so that no trajectory is periodic (Neal 2011, section 3.2). */
    private static final double JITTER = 0.2;

    /**
     * The states after a transition.
     *
     * @param acceptance probability with which each trajectory's end was accepted, C×N; 0 where it is not a number
     */
    record Transition(AnnealingPath.Point point, Tensor acceptance) {}

    /**
     * A transition at f(z; β) of C chains for each of N images.
     *
     * @param scale of each latent dimension, in which step sizes are counted: the inverse square root of its mass;
     *     broadcasts to C×N×latentDim
     * @param stepSize broadcasts to C×N
     */
    Transition from(
            AnnealingPath.Point point, AnnealingPath path, double beta, Tensor scale, Tensor stepSize, Rng rng) {
        try (var scope = Scope.withoutGradients()) {
            Tensor z = point.z();
            long chains = z.size(0);
            long n = z.size(1);
            // Momenta are in units of the masses' square roots: independent standard normal numbers.
            Tensor momentum = rng.normal(z.dtype(), chains, n, z.size(2)).to(z.device());
            Tensor jitter = rng.uniform(DType.FLOAT64, chains, n)
                    .to(z.device())
                    .mul(2 * JITTER)
                    .add(1 - JITTER);
            Tensor uniform = rng.uniform(DType.FLOAT64, chains, n).to(z.device());
            Tensor step = jitter.mul(stepSize).unsqueeze(-1).mul(scale).to(z.dtype());
            Tensor before = point.logDensity(beta).sub(kinetic(momentum));
            AnnealingPath.Point end = point;
            momentum = momentum.add(step.mul(end.gradient(beta)).mul(0.5));
            for (int i = 1; i <= leapfrogs; i++) {
                end = path.at(end.z().add(step.mul(momentum)));
                momentum = momentum.add(step.mul(end.gradient(beta)).mul(i < leapfrogs ? 1 : 0.5));
            }
            Tensor ratio =
                    end.logDensity(beta).sub(kinetic(momentum)).sub(before).exp();
            Tensor acceptance = ratio.clamp(0, 1).where(ratio.eq(ratio), ratio.zerosLike());
            Tensor accepted = uniform.lt(acceptance);
            return new Transition(end.where(accepted, point).kept(scope::keep), scope.keep(acceptance));
        }
    }

    private static Tensor kinetic(Tensor momentum) {
        return momentum.square().sum(-1).mul(0.5).to(DType.FLOAT64);
    }
}
