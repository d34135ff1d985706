package varepsilon.examples;

import java.io.IOException;
import java.nio.file.Path;
import varepsilon.data.Glyphs;
import varepsilon.generative.Categorical;
import varepsilon.generative.ElboObjective;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeArchitecture;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.nn.Optimizer;
import varepsilon.report.ImageGrid;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.train.Fit;
import varepsilon.train.Monitor;
import varepsilon.train.TrainingPlan;

/** Trains a VAE on drawn digits, and writes digits that it generates. */
public final class TrainVae {
    private TrainVae() {}

    /** Takes the picture's file name; prints the bound on held-out digits after each epoch, in bits per dimension. */
    public static void main(String[] args) throws IOException {
        Path picture = Path.of(args.length > 0 ? args[0] : "samples.png");
        Seed seed = Seed.of(42);
        // 8 latent dimensions, 8 filters in the first layer, grey images of 16 levels.
        VaeArchitecture architecture = VaeArchitecture.conv(8, 8, 1, new Categorical(16));
        TrainingPlan plan = TrainingPlan.of(4, 100, seed.value(), Monitor.smallest("bpd"));
        try (Rng init = seed.split("init").stream();
                Vae vae = architecture.create(Init.on(Device.CPU, init));
                Optimizer adam = new Adam(vae.parameters(), 3e-3)) {
            Fit.Result fitted = Fit.of(new ElboObjective(vae), adam, plan)
                    .run(Glyphs.draw("digits", 3_000, 1), Glyphs.draw("held out", 500, 2));
            fitted.history().forEach(epoch -> System.out.println("bits per dimension: " + epoch.validation("bpd")));

            try (Scope scope = Scope.withoutGradients(); // native memory lives as long as its scope
                    Rng noise = seed.split("samples").stream()) {
                Tensor images = vae.sample(64, Picture.MEAN, noise); // 64×1×28×28 in [0, 1]
                ImageGrid.of(images.toFloats(), 1, 28, 28).write(picture);
            }
        }
    }
}
