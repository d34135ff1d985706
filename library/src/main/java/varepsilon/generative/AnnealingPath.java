package varepsilon.generative;

import java.util.List;
import java.util.function.UnaryOperator;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The distributions f(z; β) ∝ π(z)^(1−β) · (p(z)·p(x|z))^β of N images, from a normalised one, π, at β = 0 to the
 * unnormalised posterior, whose integral is p(x), at β = 1 (Neal 2001).
 */
@FunctionalInterface
interface AnnealingPath {
    /**
     * The logarithms of both ends, in nats.
     *
     * @param start log π(z), C×N
     * @param end log p(z) + log p(x|z), C×N
     */
    record Ends(Tensor start, Tensor end) {}

    /** The ends at z C×N×latentDim, differentiable in it. */
    Ends ends(Tensor z);

    /**
     * From q(z|x) to the posterior.
     *
     * @param prior p(z), frozen
     */
    static AnnealingPath fromPosterior(Vae vae, Prior prior, Posterior q, Tensor target) {
        return z -> new Ends(q.logProbability(z), prior.logProbability(z).add(vae.logLikelihoods(z, target)));
    }

    /**
     * The states of C chains for each of N images, with what a chain needs to know of the path there: log densities C×N
     * in FLOAT64 and their gradients C×N×latentDim.
     */
    record Point(Tensor z, Tensor start, Tensor end, Tensor startGradient, Tensor endGradient) {
        /** log f(z; β) but for a constant, C×N. */
        Tensor logDensity(double beta) {
            return start.mul(1 - beta).add(end.mul(beta));
        }

        /** ∂ log f(z; β) / ∂z, C×N×latentDim. */
        Tensor gradient(double beta) {
            return startGradient.mul(1 - beta).add(endGradient.mul(beta));
        }

        /** log p(z)·p(x|z)/π(z), C×N. */
        Tensor logRatio() {
            return end.sub(start);
        }

        /** This where {@code accepted}, C×N, holds, else the other. */
        Point where(Tensor accepted, Point other) {
            Tensor wide = accepted.unsqueeze(-1);
            return new Point(
                    z.where(wide, other.z),
                    start.where(accepted, other.start),
                    end.where(accepted, other.end),
                    startGradient.where(wide, other.startGradient),
                    endGradient.where(wide, other.endGradient));
        }

        /** The same with every tensor put through {@code keep}. */
        Point kept(UnaryOperator<Tensor> keep) {
            return new Point(
                    keep.apply(z),
                    keep.apply(start),
                    keep.apply(end),
                    keep.apply(startGradient),
                    keep.apply(endGradient));
        }
    }

    /** The point at z C×N×latentDim. */
    default Point at(Tensor z) {
        try (var scope = Scope.withGradients()) {
            Tensor leaf = z.detach().requiresGrad(true);
            Ends ends = ends(leaf);
            List<Tensor> gradients =
                    Gradients.ofEach(List.of(ends.start().sum(), ends.end().sum()), leaf);
            return new Point(
                    z,
                    scope.keep(ends.start().detach().to(DType.FLOAT64)),
                    scope.keep(ends.end().detach().to(DType.FLOAT64)),
                    scope.keep(gradients.get(0)),
                    scope.keep(gradients.get(1)));
        }
    }
}
