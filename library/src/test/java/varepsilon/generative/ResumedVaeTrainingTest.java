package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.Family;
import varepsilon.base.Watch;
import varepsilon.data.ImageSet;
import varepsilon.data.ImageShape;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.nn.Optimizer;
import varepsilon.nn.Schedule;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.train.Fit;
import varepsilon.train.Monitor;
import varepsilon.train.RunDirectory;
import varepsilon.train.Trainer;
import varepsilon.train.TrainingPlan;
import varepsilon.weights.Weights;

/** A VAE's training that is stopped after every batch ends with the same bits, whatever it minimises. */
class ResumedVaeTrainingTest {
    private static final ImageSet TRAINING = images(21, 4);
    private static final ImageSet VALIDATION = images(7, 5);
    /** Batches of 8, 8 and 5. */
    private static final int BATCHES = 3;

    private static final TrainingPlan PLAN = TrainingPlan.of(2, 8, 6, Monitor.smallest("bpd"))
            .withSchedule(Schedule.cosine())
            .withAverageDecay(0.9);

    @TempDir
    Path folder;

    private static ImageSet images(int n, long seed) {
        byte[] pixels = new byte[n * 64];
        new Random(seed).nextBytes(pixels);
        return ImageSet.unlabelled("noise", pixels, 1, 8, 8);
    }

    private static Fit.Result sit(String objective, Path path, BooleanSupplier stop) throws IOException {
        // Where a checkpoint is to decide everything, another initialisation shows what it forgets.
        boolean resumed = Files.exists(path.resolve("checkpoints/training.safetensors"));
        VaeArchitecture architecture = new VaeArchitecture(
                3,
                new MlpVae(6, 1),
                new ImageShape(1, 8, 8),
                new Bernoulli("dynamic"),
                new StandardNormal.Choice(),
                new DiagonalGaussian.Choice(),
                0);
        int threads = Engine.threads();
        Engine.setThreads(1);
        try (Rng rng = Seed.of(resumed ? 99 : 1).stream()) {
            Init init = Init.on(Device.CPU, rng);
            try (RunDirectory run =
                            Files.exists(path) ? RunDirectory.open(path) : RunDirectory.create(path, "seed: 6\n");
                    Vae vae = architecture.create(init);
                    MeasuredObjective minimised = Family.of(VaeObjective.class)
                            .parse(objective)
                            .objective(new VaeObjective.Training(vae, TRAINING.size(), init));
                    Optimizer optimizer = new Adam(vae.parameters(), 0.01)) {
                return new Trainer(
                                minimised,
                                optimizer,
                                PLAN,
                                run,
                                architecture.metadata(),
                                List.of(),
                                Watch.stopWhen(stop))
                        .train(TRAINING, VALIDATION);
            }
        } finally {
            Engine.setThreads(threads);
        }
    }

    /** Every tensor of the checkpoint, bit by bit. */
    private static Map<String, String> bits(Path run) throws IOException {
        Map<String, String> bits = new TreeMap<>();
        try (var scope = Scope.open()) {
            Weights.read(run.resolve("checkpoints/training.safetensors"))
                    .tensors()
                    .forEach((name, tensor) -> bits.put(
                            name, HexFormat.of().formatHex(tensor.toRaw().array())));
        }
        return bits;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "elbo:warm-up=1.5",
                "elbo:beta=2:warm-up=0.5:cycle=0.7:free-nats=0.01",
                "iwae:samples=3",
                "dreg:samples=3",
                "score-function:samples=3",
                "capacity:capacity=2:rise=1.5",
                "beta-tcvae",
                "factor-vae:discriminator-width=6:discriminator-layers=2:discriminator-rate=0.01"
            })
    void stoppedAfterEveryBatch(String objective) throws IOException {
        Fit.Result straight = sit(objective, folder.resolve("straight"), () -> false);
        Path run = folder.resolve("run");
        Fit.Result last = sit(objective, run, () -> true);
        int sittings = 1;
        while (!last.complete()) {
            last = sit(objective, run, () -> true);
            sittings++;
        }
        assertThat(sittings).isEqualTo(2 * BATCHES + 1);
        Map<String, String> expected = bits(folder.resolve("straight"));
        assertThat(bits(run)).isEqualTo(expected);
        assertThat(expected.containsKey("memory.discriminator.0.weight")).isEqualTo(objective.startsWith("factor-vae"));
        for (int epoch = 0; epoch < 2; epoch++) {
            assertThat(last.history().get(epoch).train())
                    .isEqualTo(straight.history().get(epoch).train());
            assertThat(last.history().get(epoch).validation())
                    .isEqualTo(straight.history().get(epoch).validation());
        }
    }
}
