package varepsilon.generative;

import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Minimises the negative ELBO with a weight β on one part of its divergence, the total correlation (Chen et al. 2018):
 * −ELBO + (β − 1)·TC, with TC = KL(q(z) ‖ Πⱼ q(zⱼ)) of the aggregate posterior q(z) = 1/N Σₙ q(z|xₙ) over the N
 * training images. β = 1 is the ELBO. Measures {@code tc_nats}, the estimate of TC, besides the ELBO.
 *
 * <p>q(z) at a draw from q(z|x) is estimated from a batch of M images by stratified sampling: the image itself has its
 * weight 1/N, the M − 1 others share the rest, (N − 1)/N, evenly, as in {@link KlDecomposition}. Its logarithm, and so
 * TC, is biased for small batches. (The paper trains with equal weights of all M images, "minibatch-weighted sampling",
 * which is biased also where the batch is the whole data set.)
 */
public final class BetaTcVae extends MeasuredObjective {
    private final double beta;
    private final int images;

    /**
     * Chooses this objective.
     *
     * @param beta weight of the total correlation
     */
    @Named(value = "beta-tcvae", help = "the ELBO with a weight on its total correlation (Chen et al. 2018)")
    public record Choice(
            @Parameter(value = "weight of the total correlation", min = 0)
            double beta) implements VaeObjective {
        /** Rejects values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, beta);
        }

        /** The weight 6. */
        public Choice() {
            this(6);
        }

        @Override
        public void requireUsable(PriorChoice prior, PosteriorChoice posterior) {
            if (!(posterior instanceof DiagonalGaussian.Choice)) {
                throw new InputException("objective beta-tcvae: expected the posterior diagonal, whose marginals are"
                        + " known; not " + Family.nameOf(posterior));
            }
        }

        @Override
        public MeasuredObjective objective(Training training) {
            return new BetaTcVae(training.vae(), beta, training.images());
        }
    }

    /**
     * For a model with a {@link DiagonalGaussian} posterior.
     *
     * @param beta weight of the total correlation
     * @param images training images, N
     */
    public BetaTcVae(Vae vae, double beta, int images) {
        super(vae);
        this.beta = new Choice(beta).beta();
        this.images = images;
    }

    @Override
    protected BatchResult evaluate(Vae model, Tensor target, Rng rng) {
        if (!(model.posterior(target) instanceof DiagonalGaussian q)) {
            throw new IllegalStateException("beta-tcvae: expected the posterior diagonal");
        }
        Posterior.Draws draws = q.draw(1, rng);
        Tensor z = draws.z().squeeze(0);
        Elbo elbo = model.elbo(target, q, draws);
        Tensor correlation = Aggregate.at(z, q, images).totalCorrelation();
        Map<String, Tensor> measured = measured(elbo, target);
        measured.put("tc_nats", correlation.detach());
        Tensor loss = elbo.value().mean().neg().add(correlation.mean().mul(beta - 1));
        return new BatchResult(loss, measured);
    }

    /**
     * Estimates of the aggregate posterior at draws z, one from the posterior of each of M images.
     *
     * @param joint log q(z), M values
     * @param marginals log q(zⱼ) of each dimension, M×latentDim
     */
    record Aggregate(Tensor joint, Tensor marginals) {
        /**
         * The estimates.
         *
         * @param z M×latentDim, row i from the i-th posterior
         * @param images in all, N
         */
        static Aggregate at(Tensor z, DiagonalGaussian q, int images) {
            long m = z.size(0);
            // log q(zᵢ|xⱼ) of each dimension, M×M×latentDim: rows are draws, columns images.
            Tensor mean = q.mean().unsqueeze(0);
            Tensor logStd = q.logStd().unsqueeze(0);
            Tensor each = z.unsqueeze(1)
                    .sub(mean)
                    .mul(logStd.neg().exp())
                    .square()
                    .add(DiagonalGaussian.LOG_TWO_PI)
                    .mul(-0.5)
                    .sub(logStd);
            Tensor weights = logWeights((int) m, images).to(z.dtype()).to(z.device());
            return new Aggregate(
                    each.sum(-1).add(weights).logSumExp(1),
                    each.add(weights.unsqueeze(-1)).logSumExp(1));
        }

        /** Logarithms of the weights of M images at each draw, M×M; a single image has the whole weight. */
        private static Tensor logWeights(int m, int images) {
            double own = m == 1 ? 1 : 1.0 / images;
            double others = m == 1 ? 0 : (1 - own) / (m - 1);
            Tensor numbers = Tensor.arange(m);
            Tensor same = numbers.unsqueeze(0).eq(numbers.unsqueeze(1)).to(DType.FLOAT64);
            return same.mul(own - others).add(others).log();
        }

        /** log q(z) − Σⱼ log q(zⱼ), M values whose mean estimates the total correlation. */
        Tensor totalCorrelation() {
            return joint.sub(marginals.sum(-1));
        }
    }
}
