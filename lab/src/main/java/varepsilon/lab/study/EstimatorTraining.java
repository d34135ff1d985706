package varepsilon.lab.study;

import java.util.ArrayList;
import java.util.List;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.generative.Categorical;
import varepsilon.generative.DiagonalGaussian;
import varepsilon.generative.KullbackLeibler;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeArchitecture;
import varepsilon.generative.VaeEvaluation;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * The same VAE trained with the same batches and the same number of steps; only how the encoder gets the gradient of
 * E_q[log p(x|z)] differs. The gradients of the decoder and of the divergence are the same for all.
 *
 * @param train images to train on
 * @param test images to measure on
 * @param filters of the network
 * @param steps of the optimizer
 * @param every steps between two measurements
 * @param batchSize images of a step
 * @param seed of weights, order and noise
 * @param device where it is trained
 */
record EstimatorTraining(
        ImageSet train, ImageSet test, int filters, int steps, int every, int batchSize, long seed, Device device) {
    private static final int LATENT_DIM = 20;
    private static final int LEVELS = 16;
    private static final double LEARNING_RATE = 2e-3;
    /** Share of the running mean that is kept from step to step. */
    private static final double MEMORY = 0.9;

    /**
     * The model on the test images after some steps.
     *
     * @param step from 0, before the first
     * @param bpd −ELBO in bits per dimension
     * @param kl KL(q(z|x) ‖ p(z)) in nats
     */
    record Point(int step, double bpd, double kl) {}

    /**
     * Trains.
     *
     * @return measurements; those at the end are missing where the training diverged
     */
    List<Point> with(GradientEstimator estimator, StudyContext context) {
        List<Point> points = new ArrayList<>();
        try (Rng init = Seed.of(seed).split("init").stream();
                Rng noise = Seed.of(seed).split("noise").stream();
                Vae vae = created(init);
                Adam adam = new Adam(vae.parameters(), LEARNING_RATE)) {
            Baseline baseline = new Baseline();
            points.add(measured(vae, 0));
            for (int step = 0, epoch = 0; step < steps; epoch++) {
                var batches = Batches.of(train, batchSize).shuffled(seed, epoch).iterator();
                while (batches.hasNext() && step < steps) {
                    context.progress("steps, " + estimator.label(), step, steps);
                    try (var scope = Scope.open()) {
                        Tensor loss = loss(vae, batches.next().images(), estimator, baseline, noise);
                        if (!loss.isFinite()) {
                            return points;
                        }
                        adam.step(Gradients.of(loss, adam.parameters()));
                    }
                    step++;
                    if (step % every == 0 || step == steps) {
                        Point point = measured(vae, step);
                        if (!Double.isFinite(point.bpd)) {
                            return points;
                        }
                        points.add(point);
                    }
                }
            }
        }
        return points;
    }

    private Vae created(Rng init) {
        try (var scope = Scope.open()) {
            return VaeArchitecture.conv(LATENT_DIM, filters, train.shape(), new Categorical(LEVELS))
                    .create(Init.on(device, init));
        }
    }

    private Point measured(Vae vae, int step) {
        VaeEvaluation evaluation = VaeEvaluation.of(vae, test, VaeEvaluation.Settings.elbo(batchSize, seed));
        return new Point(step, evaluation.bpd(), evaluation.klNats());
    }

    /** The running mean of log p(x|z). */
    private static final class Baseline {
        private double mean;
        private boolean begun;

        /** The mean before this batch; for the first one, 0. */
        double next(double batchMean) {
            double before = mean;
            mean = begun ? MEMORY * mean + (1 - MEMORY) * batchMean : batchMean;
            begun = true;
            return before;
        }
    }

    /** A scalar whose gradient is the estimate for −ELBO, averaged over the images. */
    private static Tensor loss(Vae vae, Tensor images, GradientEstimator estimator, Baseline baseline, Rng noise) {
        Tensor target = vae.target(images);
        DiagonalGaussian q = (DiagonalGaussian) vae.posterior(target);
        Tensor divergence = KullbackLeibler.closedForm(q, vae.prior())
                .orElseThrow(() -> new IllegalStateException("the VAE's prior has no closed form"));
        Tensor drawn = q.sample(noise);
        if (estimator == GradientEstimator.REPARAMETERISED) {
            return divergence.sub(vae.decode(drawn).logProbability(target)).mean();
        }
        Tensor z = drawn.detach(); // no gradient passes through the draw
        Tensor f = vae.decode(z).logProbability(target);
        double before = baseline.next(f.detach().mean().item());
        Tensor weight = estimator == GradientEstimator.SCORE_FUNCTION
                ? f.detach()
                : f.detach().sub(before);
        return divergence.sub(f).sub(weight.mul(q.logProbability(z))).mean();
    }
}
