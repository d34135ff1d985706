package varepsilon.examples;

import java.io.IOException;
import java.nio.file.Path;
import varepsilon.data.Batches;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.generative.Categorical;
import varepsilon.generative.ConvVae;
import varepsilon.generative.ElboObjective;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.nn.Optimizer;
import varepsilon.report.ImageGrid;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/** Trains a VAE on drawn digits, and writes digits that it generates. */
public final class TrainVae {
    private static final int EPOCHS = 4;

    private TrainVae() {}

    /** Takes the picture's file name; prints the bound of each epoch in bits per dimension. */
    public static void main(String[] args) throws IOException {
        Path picture = Path.of(args.length > 0 ? args[0] : "samples.png");
        ImageSet digits = Glyphs.draw("digits", 3_000, 1);
        Seed seed = Seed.of(42);
        // 8 latent dimensions, 8 filters in the first layer, grey images of 16 levels.
        try (Rng init = seed.split("init").stream();
                Rng noise = seed.split("noise").stream();
                Vae vae = new ConvVae(8, 8, 1, new Categorical(16)).create(Init.on(Device.CPU, init));
                Optimizer adam = new Adam(vae.parameters(), 3e-3)) {
            ElboObjective objective = new ElboObjective(vae);
            for (int epoch = 0; epoch < EPOCHS; epoch++) {
                double bpd = 0;
                var batches =
                        Batches.of(digits, 100).shuffled(seed.value(), epoch).iterator();
                while (batches.hasNext()) {
                    try (Scope scope = Scope.open()) { // native memory lives as long as its scope
                        BatchResult result = objective.evaluate(batches.next(), noise);
                        adam.step(Gradients.of(result.loss(), adam.parameters()));
                        bpd += result.perExample().get("bpd").sum().item() / digits.size();
                    }
                }
                System.out.printf("epoch %d: %.3f bits per dimension%n", epoch + 1, bpd);
            }
            try (Scope scope = Scope.withoutGradients()) {
                Tensor images = vae.sample(64, Picture.MEAN, noise); // 64×1×28×28 in [0, 1]
                ImageGrid.of(images.toFloats(), 1, 28, 28).write(picture);
            }
        }
    }
}
