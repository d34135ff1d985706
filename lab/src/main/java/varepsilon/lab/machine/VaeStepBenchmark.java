package varepsilon.lab.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.generative.Categorical;
import varepsilon.generative.DiagonalGaussian;
import varepsilon.generative.ElboObjective;
import varepsilon.generative.IndependentPixels;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeArchitecture;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.nn.Optimizer;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Times a training step of the 20-dimensional VAE beside the textbook formulation, on the same engine, images and
 * batch.
 */
public final class VaeStepBenchmark {
    /** Its name on the command line. */
    public static final String NAME = "vae-step";

    private static final int LATENT_DIM = 20;
    private static final int FILTERS = 32;
    private static final int WARM_UP = 5;

    private VaeStepBenchmark() {}

    /**
     * Measures on random images, with the current number of threads.
     *
     * @param device of the VAE
     * @param batchSize images in a step, at least 1
     * @param steps counted steps of each kind, at least 1
     */
    public static BenchmarkResult run(Device device, int batchSize, int steps) {
        byte[] pixels = new byte[Math.multiplyExact(batchSize, 28 * 28)];
        new Random(1).nextBytes(pixels);
        ImageSet images = ImageSet.unlabelled("noise", pixels, 1, 28, 28);
        VaeArchitecture size = VaeArchitecture.conv(LATENT_DIM, FILTERS, 1, new Categorical(16));
        Seed seed = Seed.of(1);
        try (Rng init = seed.split("init").stream();
                Rng same = seed.split("init").stream();
                Vae ourVae = size.create(Init.on(device, init));
                Vae textbookVae = size.create(Init.on(device, same));
                Optimizer adam = new Adam(ourVae.parameters(), 1e-3);
                Rng noise = seed.split("noise").stream()) {
            ElboObjective objective = new ElboObjective(ourVae);
            DoubleSupplier ours = () -> {
                try (var scope = Scope.open()) {
                    Batch batch = Batches.of(images, batchSize).iterator().next();
                    var result = objective.evaluate(batch, noise);
                    adam.step(Gradients.of(result.loss(), adam.parameters()));
                    return result.loss().item();
                }
            };
            SideBySide times;
            try (var scope = Scope.open()) {
                Textbook textbook = new Textbook(textbookVae);
                DoubleSupplier theirs = () -> {
                    try (var step = Scope.open()) {
                        Batch batch = Batches.of(images, batchSize).iterator().next();
                        return textbook.step(batch.images().to(device), noise);
                    }
                };
                times = SideBySide.measure(ours, theirs, WARM_UP, steps);
            }
            String work = "a training step of the VAE, 20 latent dimensions, 32 filters, batch " + batchSize;
            return BenchmarkResult.of(
                    NAME, work, device, batchSize, times, flopsPerStep(batchSize), Engine.threads(), steps);
        }
    }

    /** The step as tutorials write it: log softmax and gather, every intermediate an operation of its own. */
    private static final class Textbook {
        private final Vae vae;
        private final List<Tensor> parameters;
        private final List<Tensor> first = new ArrayList<>();
        private final List<Tensor> second = new ArrayList<>();
        private int steps;

        Textbook(Vae vae) {
            this.vae = vae;
            this.parameters = List.copyOf(vae.parameters().values());
            for (Tensor parameter : parameters) {
                first.add(parameter.detach().zerosLike());
                second.add(parameter.detach().zerosLike());
            }
        }

        double step(Tensor images, Rng noise) {
            Tensor target = images.shiftRight(4).to(DType.INT64);
            DiagonalGaussian q = (DiagonalGaussian) vae.posterior(target);
            Tensor std = q.logStd().exp();
            Tensor z = q.mean().add(std.mul(noise.normal(q.mean().shape()).to(vae.device())));
            Tensor logProbabilities =
                    ((IndependentPixels) vae.decode(z)).output().logSoftmax(1);
            Tensor reconstruction = logProbabilities.gather(1, target).neg().sum(1, 2, 3);
            Tensor kl = std.square()
                    .add(q.mean().square())
                    .sub(1)
                    .sub(q.logStd().mul(2))
                    .mul(0.5)
                    .sum(1L);
            Tensor loss = reconstruction.add(kl).mean();
            adam(Gradients.of(loss, parameters));
            return loss.item();
        }

        private void adam(List<Tensor> gradients) {
            steps++;
            try (var scope = Scope.withoutGradients()) {
                for (int i = 0; i < parameters.size(); i++) {
                    Tensor g = gradients.get(i);
                    Tensor m = first.get(i).mulInPlace(0.9).addInPlace(g, 0.1);
                    Tensor v = second.get(i).mulInPlace(0.999).addInPlace(g.mul(g), 0.001);
                    Tensor mHat = m.div(1 - Math.pow(0.9, steps));
                    Tensor vHat = v.div(1 - Math.pow(0.999, steps));
                    parameters.get(i).addInPlace(mHat.div(vHat.sqrt().add(1e-8)), -1e-3);
                }
            }
        }
    }

    /** A multiplication and an addition count as two; the backward pass costs the forward one twice. */
    private static double flopsPerStep(int batchSize) {
        double f = FILTERS;
        double k = 9;
        // In transposed convolutions each input pixel is multiplied by each weight once, in the others each output
        // pixel.
        double first = 14 * 14 * f * k;
        double encoder = 14 * 14 * f * f * k
                + 7 * 7 * 2 * f * f * k
                + 7 * 7 * 4 * f * f * k
                + 4 * 4 * 4 * f * f * k
                + 32 * f * 2 * LATENT_DIM;
        double decoder = LATENT_DIM * 32 * f
                + 4 * 4 * 4 * f * f * k
                + 7 * 7 * 4 * f * f * k
                + 7 * 7 * 2 * f * f * k
                + 14 * 14 * f * f * k
                + 14 * 14 * f * 16 * k;
        // No gradient flows into the images.
        return 2.0 * batchSize * (3 * (encoder + decoder) + 2 * first);
    }
}
