package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import varepsilon.data.Batch;
import varepsilon.nn.Adam;
import varepsilon.nn.Optimizer;
import varepsilon.tensor.DType;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/** Maximising the ELBO of a linear VAE finds what probabilistic PCA has in closed form. */
class ProbabilisticPcaTrainingTest extends GenerativeTest {
    private static final int D = 6;
    private static final int LATENT_DIM = 2;
    private static final int N = 500;
    private static final int STEPS = 2500;

    /** Bytes that vary along two oblique directions, and a little everywhere. */
    private Tensor images() {
        double[][] directions = {{50, 35, -20, 0, 25, 10}, {-10, 25, 35, 40, 0, -15}};
        double[] z = rng(1).normal(DType.FLOAT64, N, LATENT_DIM).toDoubles();
        double[] noise = rng(2).normal(DType.FLOAT64, N, D).toDoubles();
        byte[] bytes = new byte[N * D];
        for (int n = 0; n < N; n++) {
            for (int i = 0; i < D; i++) {
                double value = 110 + 5 * i + 20 * noise[n * D + i];
                for (int j = 0; j < LATENT_DIM; j++) {
                    value += directions[j][i] * z[n * LATENT_DIM + j];
                }
                bytes[n * D + i] = (byte) Math.round(Math.max(0, Math.min(255, value)));
            }
        }
        return Tensor.of(bytes, N, 1, 1, D);
    }

    @Test
    void trainingReachesTheMaximumLikelihood() {
        Tensor images = images();
        double[][] data = new double[N][D];
        double[] mean = new double[D];
        long[] bytes = images.toLongs();
        for (int n = 0; n < N; n++) {
            for (int i = 0; i < D; i++) {
                data[n][i] = bytes[n * D + i] / 255.0;
                mean[i] += data[n][i] / N;
            }
        }
        double[] eigenvalues = SymmetricMatrix.covariance(data, mean).eigenvalues();
        double noise = Arrays.stream(eigenvalues, LATENT_DIM, D).average().orElseThrow();
        double maximum = maximumLogLikelihood(eigenvalues, noise);

        double std = Math.sqrt(noise);
        Vae vae = closing(LinearVae.fresh(D, LATENT_DIM, std, init(DType.FLOAT32, 3)));
        double untrained = logLikelihood(vae, std, data);
        double elbo = train(vae, images);
        double reached = logLikelihood(vae, std, data);

        assertThat(untrained).isLessThan(maximum - 1);
        // Nothing lies above the maximum (a hair for FLOAT32), and training ends within 0.02 nats below it.
        assertThat(reached).isBetween(maximum - 0.02, maximum + 1e-5);
        // With a diagonal posterior the bound itself reaches log p(x): the columns of W turn orthogonal.
        assertThat(elbo).isCloseTo(reached, within(0.03));
    }

    /** Tipping, Bishop 1999, equation 8, at W_ML and σ²_ML: per image, in nats. */
    private static double maximumLogLikelihood(double[] eigenvalues, double noise) {
        double logDeterminant = (D - LATENT_DIM) * Math.log(noise);
        for (int i = 0; i < LATENT_DIM; i++) {
            logDeterminant += Math.log(eigenvalues[i]);
        }
        return -0.5 * (D * Math.log(2 * Math.PI) + logDeterminant + D);
    }

    private static double logLikelihood(Vae vae, double std, double[][] data) {
        LinearVae model = LinearVae.of(vae, std);
        return Arrays.stream(data).mapToDouble(model::logLikelihood).average().orElseThrow();
    }

    /** Trains on all images at once, and returns the mean ELBO of the last 100 steps, in nats. */
    private double train(Vae vae, Tensor images) {
        ElboObjective objective = new ElboObjective(vae);
        Rng rng = rng(4);
        double elbo = 0;
        try (Optimizer optimizer = new Adam(vae.parameters(), 0.03)) {
            for (int step = 0; step < STEPS; step++) {
                optimizer.learningRate(0.03 * Math.min(1, Math.pow(0.001, step / (double) STEPS - 0.4)));
                try (var scope = Scope.open()) {
                    BatchResult result = objective.evaluate(new Batch(images, null, new int[N], N), rng);
                    optimizer.step(Gradients.of(result.loss(), optimizer.parameters()));
                    if (step >= STEPS - 100) {
                        elbo -= result.loss().item() / 100;
                    }
                }
            }
        }
        return elbo;
    }
}
