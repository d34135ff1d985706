package varepsilon.generative;

import java.util.ArrayList;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Annealed importance sampling (Neal 2001) of log p(x), with Hamiltonian Monte Carlo in z (Wu et al. 2017): chains move
 * from q(z|x) to the posterior through distributions between them, and the mean of their weights estimates p(x) without
 * bias, so that its logarithm is a lower bound on log p(x) in expectation. Run backwards from an exact sample of the
 * posterior, it is an upper bound (Grosse, Ghahramani, Adams 2015).
 *
 * <p>Step sizes are found by a coarser run of chains of its own for each image, and then fixed, because adapting them
 * on the chains whose weights count would bias these.
 *
 * @param steps distributions from q(z|x) to the posterior, the first of them excluded; 1 is importance sampling
 * @param chains for each image
 * @param leapfrogs leapfrog steps between two distributions
 */
public record AnnealedImportanceSampling(int steps, int chains, int leapfrogs) {
    /** β is a sigmoid of the step, from −4 to 4: small changes at both ends (Grosse, Maddison, Salakhutdinov 2013). */
    private static final double SIGMOID_END = 4;

    /** Acceptance that step sizes are moved to (Beskos et al. 2013), and how fast. */
    private static final double TARGET_ACCEPTANCE = 0.65;

    private static final double ADAPTATION = 0.1;
    private static final double ADAPTING_SHARE = 0.1;
    private static final int LEAST_ADAPTING = 20;

    private static final int SCALE_DRAWS = 64;

    /** Rejects counts below 1. */
    public AnnealedImportanceSampling {
        if (steps < 1 || chains < 1 || leapfrogs < 1) {
            throw new InputException("steps " + steps + ", chains " + chains + ", leapfrogs " + leapfrogs
                    + ": expected at least 1 of each");
        }
    }

    /** 4 chains for each image, 4 leapfrog steps. */
    public AnnealedImportanceSampling(int steps) {
        this(steps, 4, 4);
    }

    /** β₀ = 0 < … < β_steps = 1. */
    static double[] betas(int steps) {
        double[] betas = new double[steps + 1];
        double low = 1 / (1 + Math.exp(SIGMOID_END));
        for (int t = 1; t < steps; t++) {
            double sigmoid = 1 / (1 + Math.exp(SIGMOID_END * (1 - 2.0 * t / steps)));
            betas[t] = (sigmoid - low) / (1 - 2 * low);
        }
        betas[steps] = 1;
        return betas;
    }

    /**
     * The chains of N images, with the step sizes found for them.
     *
     * @param vae the model
     * @param target values from {@link Vae#target}
     * @param adapting random numbers for finding the step sizes
     * @return chains that live as long as the open scope, in which no gradients are recorded
     */
    public Chains of(Vae vae, Tensor target, Rng adapting) {
        return new Chains(vae, target, adapting);
    }

    /** Chains of N images. */
    public final class Chains {
        private final Posterior q;
        private final AnnealingPath path;
        private final Tensor scale;
        private final List<Tensor> stepSizes = new ArrayList<>();
        private final long n;

        private Chains(Vae vae, Tensor target, Rng adapting) {
            n = target.size(0);
            q = vae.posterior(target);
            path = AnnealingPath.fromPosterior(vae, vae.prior().frozen(), q, target);
            Tensor draws = q.draw(SCALE_DRAWS, adapting).z();
            scale = draws.sub(draws.mean(0)).square().mean(0).sqrt();
            findStepSizes(adapting);
        }

        private void findStepSizes(Rng rng) {
            int coarse = Math.min(steps, Math.max(LEAST_ADAPTING, (int) (steps * ADAPTING_SHARE)));
            double[] betas = betas(coarse);
            HamiltonianMonteCarlo sampler = new HamiltonianMonteCarlo(leapfrogs);
            AnnealingPath.Point point = path.at(q.draw(chains, rng).z());
            double first = -0.25 * Math.log(point.z().size(2)); // Beskos et al. 2013: falls with the fourth root of d
            Tensor logStep = Tensor.full(first, DType.FLOAT64, n).to(point.z().device());
            stepSizes.add(logStep.exp());
            for (int t = 1; t < coarse; t++) {
                try (var inner = Scope.withoutGradients()) {
                    HamiltonianMonteCarlo.Transition transition =
                            sampler.from(point, path, betas[t], scale, logStep.exp(), rng);
                    Tensor change = transition
                            .acceptance()
                            .mean(0)
                            .sub(TARGET_ACCEPTANCE)
                            .mul(ADAPTATION);
                    logStep = inner.keep(logStep.add(change));
                    point = transition.point().kept(inner::keep);
                }
                stepSizes.add(logStep.exp());
            }
        }

        private Tensor stepSize(int t) {
            return stepSizes.get((int) ((long) t * stepSizes.size() / (steps + 1)));
        }

        /** A lower bound on log p(x) in expectation, N values in nats. */
        public Tensor lowerBound(Rng rng) {
            try (var scope = Scope.withoutGradients()) {
                Tensor logWeights = walk(q.draw(chains, rng).z(), false, rng);
                return scope.keep(logWeights.logSumExp(0).sub(Math.log(chains)));
            }
        }

        /**
         * An upper bound on log p(x) in expectation, N values in nats.
         *
         * @param exact a sample of p(z|x) for each image, N×latentDim, such as the z that the image was drawn with
         */
        public Tensor upperBound(Tensor exact, Rng rng) {
            try (var scope = Scope.withoutGradients()) {
                Tensor start = exact.unsqueeze(0).expand(chains, n, exact.size(1));
                Tensor logWeights = walk(start, true, rng);
                return scope.keep(
                        logWeights.neg().logSumExp(0).sub(Math.log(chains)).neg());
            }
        }

        /** log w of each chain, C×N, in FLOAT64. */
        private Tensor walk(Tensor start, boolean backwards, Rng rng) {
            double[] betas = betas(steps);
            HamiltonianMonteCarlo sampler = new HamiltonianMonteCarlo(leapfrogs);
            AnnealingPath.Point point = path.at(start);
            Tensor logWeight = point.logRatio().zerosLike();
            for (int i = 1; i <= steps; i++) {
                try (var inner = Scope.withoutGradients()) {
                    int t = backwards ? steps + 1 - i : i;
                    logWeight = inner.keep(logWeight.add(point.logRatio().mul(betas[t] - betas[t - 1])));
                    int between = backwards ? t - 1 : t;
                    if (between > 0 && between < steps) {
                        point = sampler.from(point, path, betas[between], scale, stepSize(between), rng)
                                .point();
                    }
                    point = point.kept(inner::keep);
                }
            }
            return logWeight;
        }
    }
}
