package varepsilon.lab.study;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import varepsilon.generative.DiagonalGaussian;
import varepsilon.generative.ImportanceWeightedBound;
import varepsilon.generative.KullbackLeibler;
import varepsilon.generative.Vae;
import varepsilon.nn.Adam;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The q(z|x) of each image fitted by itself, from the encoder's on, while the model stays as it is: since log p(x) does
 * not move, what the ELBO gains KL(q ‖ p(z|x)) loses.
 *
 * @param vae the trained model
 * @param target values of the images
 * @param rounds measurements after the first
 * @param stepsEach steps of gradient ascent before each
 * @param draws of z for each image in a measurement
 */
record PosteriorFit(Vae vae, Tensor target, int rounds, int stepsEach, int draws) {
    private static final double LEARNING_RATE = 0.02;
    private static final int CHUNK = 8;

    /**
     * The ELBO of the trained VAE on test images after so many steps of fitting each image's q, in nats.
     *
     * @param steps of gradient ascent
     * @param elbo averaged over images and draws
     * @param gain how far it lies above the one at the start
     * @param error standard error of that
     */
    record Fitted(int steps, double elbo, double gain, double error) {}

    /** Fits; measurements use draws that were not used for fitting. */
    List<Fitted> run(Rng rng, StudyContext context) {
        try (var scope = Scope.open()) {
            DiagonalGaussian encoded = (DiagonalGaussian) vae.posterior(target);
            DiagonalGaussian q = new DiagonalGaussian(
                    encoded.mean().detach().copy().requiresGrad(true),
                    encoded.logStd().detach().copy().requiresGrad(true));
            double[] start = elbos(q, rng);
            List<Fitted> fitted = new ArrayList<>(List.of(new Fitted(0, Moments.mean(start), 0, 0)));
            try (Adam adam = new Adam(Map.of("mean", q.mean(), "log_std", q.logStd()), LEARNING_RATE)) {
                for (int round = 1; round <= rounds; round++) {
                    context.progress("rounds of fitting q", round - 1, rounds);
                    for (int step = 0; step < stepsEach; step++) {
                        fit(q, adam, rng);
                    }
                    double[] now = elbos(q, rng);
                    double[] gain = new double[now.length];
                    Arrays.setAll(gain, i -> now[i] - start[i]);
                    fitted.add(new Fitted(
                            round * stepsEach, Moments.mean(now), Moments.mean(gain), Moments.standardError(gain)));
                }
            }
            return fitted;
        }
    }

    /** The importance-weighted bound of the encoder's q, averaged over images, in nats. */
    static double bound(Vae vae, Tensor target, int samples, Rng rng) {
        try (var scope = Scope.withoutGradients()) {
            return Moments.mean(ImportanceWeightedBound.logLikelihood(vae, target, samples, CHUNK, rng)
                    .toDoubles());
        }
    }

    private void fit(DiagonalGaussian q, Adam adam, Rng rng) {
        try (var scope = Scope.withGradients()) {
            Tensor loss = elbo(q, rng).sum().neg();
            adam.step(Gradients.of(loss, adam.parameters()));
        }
    }

    /** One draw for each image. */
    private Tensor elbo(DiagonalGaussian q, Rng rng) {
        Tensor divergence = KullbackLeibler.closedForm(q, vae.prior())
                .orElseThrow(() -> new IllegalStateException("the VAE's prior has no closed form"));
        return vae.decode(q.sample(rng)).logProbability(target).sub(divergence);
    }

    private double[] elbos(DiagonalGaussian q, Rng rng) {
        double[] result = new double[(int) target.size(0)];
        for (int draw = 0; draw < draws; draw++) {
            try (var scope = Scope.withoutGradients()) {
                double[] values = elbo(q, rng).toDoubles();
                for (int i = 0; i < result.length; i++) {
                    result[i] += values[i] / draws;
                }
            }
        }
        return result;
    }
}
