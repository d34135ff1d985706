package varepsilon.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.ImageSet;
import varepsilon.nn.Adam;
import varepsilon.nn.BatchNorm2d;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Optimizer;
import varepsilon.nn.Schedule;
import varepsilon.nn.Sequential;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/** A training of milliseconds that uses all that a real one does: noise, buffers, a schedule, an uneven last batch. */
final class TinyRun {
    static final long SEED = 5;
    /** 53 images in batches of 8: seven batches, the last of 5. */
    static final ImageSet TRAINING = images(53, 1);

    static final ImageSet VALIDATION = images(19, 2);
    static final int STEPS_PER_EPOCH = 7;
    static final TrainingPlan PLAN =
            TrainingPlan.of(3, 8, SEED, Monitor.smallest("loss")).withSchedule(Schedule.cosine());
    static final TrainingPlan CHECKPOINT_EACH_STEP = PLAN.withCheckpointEvery(Duration.ZERO);

    private TinyRun() {}

    /** Images of noise whose class is where they are brightest, as far as noise lets it be seen. */
    static ImageSet images(int n, long seed) {
        Random random = new Random(seed);
        byte[] pixels = new byte[n * 16];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = random.nextInt(3);
            for (int j = 0; j < 16; j++) {
                pixels[i * 16 + j] = (byte) (random.nextInt(128) + (j % 3 == labels[i] ? 100 : 0));
            }
        }
        return ImageSet.labelled("tiny", pixels, 1, 4, 4, labels, List.of("a", "b", "c"));
    }

    /** Cross-entropy of a small network on noisy images. */
    static class TinyObjective implements Objective {
        private final Sequential model;

        TinyObjective(long initSeed) {
            try (Rng rng = Seed.of(initSeed).stream()) {
                Init init = Init.on(Device.CPU, rng);
                model = new Sequential(
                        new Conv2d(1, 2, 3, 1, 1, true, init),
                        new BatchNorm2d(2, init),
                        Layer.of(Ops::gelu),
                        Layer.of(x -> x.flatten(1)),
                        new Linear(32, 3, init));
            }
        }

        @Override
        public Sequential model() {
            return model;
        }

        @Override
        public BatchResult evaluate(Batch batch, Rng rng) {
            Tensor x = batch.pixels(Device.CPU);
            Tensor logits = model.forward(x.add(rng.normal(x.shape()).mul(0.1)));
            Tensor loss = Ops.crossEntropy(logits, batch.labels());
            Map<String, Tensor> measured = new LinkedHashMap<>();
            measured.put("loss", loss);
            measured.put("accuracy", logits.argmax(1).eq(batch.labels()));
            return new BatchResult(loss.mean(), measured);
        }
    }

    /** Opens or makes the run and trains until the end or a stop, as a new process would. */
    static Fit.Result sit(Path folder, TrainingPlan plan, BooleanSupplier stop, TrainingListener... listeners)
            throws IOException {
        // Where a checkpoint is to decide everything, another initialisation shows what it forgets.
        boolean resumed = Files.exists(folder.resolve("checkpoints/training.safetensors"));
        return sit(folder, plan, new TinyObjective(resumed ? 99 : 1), stop, listeners);
    }

    static Fit.Result sit(
            Path folder,
            TrainingPlan plan,
            TinyObjective objective,
            BooleanSupplier stop,
            TrainingListener... listeners)
            throws IOException {
        // Tensors this small gain nothing from a second thread; on a busy machine the two wait for each other.
        int threads = Engine.threads();
        Engine.setThreads(1);
        try (RunDirectory run =
                        Files.exists(folder) ? RunDirectory.open(folder) : RunDirectory.create(folder, "seed: 5\n");
                Sequential model = objective.model();
                Optimizer optimizer = new Adam(model.parameters(), 0.01)) {
            Map<String, String> metadata = Map.of("architecture", "tiny", "classes", "3");
            return new Trainer(objective, optimizer, plan, run, metadata, List.of(listeners), Watch.stopWhen(stop))
                    .train(TRAINING, VALIDATION);
        } finally {
            Engine.setThreads(threads);
        }
    }

    /** Trains from beginning to end in one sitting. */
    static Fit.Result straight(Path folder, TrainingPlan plan) throws IOException {
        return sit(folder, plan, () -> false);
    }

    static void copy(Path from, Path to) {
        try (var files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** All that a run leaves, but for the time that it took and the checksum, which covers it. */
    static Map<String, String> results(Path folder) throws IOException {
        Map<String, String> results = new TreeMap<>();
        results.put(
                "metrics.csv",
                Files.readAllLines(folder.resolve("metrics.csv")).stream()
                        .map(line -> line.replaceFirst("^(\\d+,\\d+),[\\d.]+", "$1"))
                        .collect(Collectors.joining("\n")));
        for (String name : List.of("last", "best", "training")) {
            Path path = folder.resolve("checkpoints").resolve(name + ".safetensors");
            try (var scope = Scope.open()) {
                Weights weights = Weights.read(path);
                weights.tensors().forEach((key, tensor) -> results.put(name + ": " + key, checksum(tensor)));
                weights.metadata()
                        .forEach((key, value) ->
                                results.put(name + ": " + key, value.replaceAll("\"seconds\":[\\d.Ee-]+", "")));
                results.remove("training: crc32c");
            }
        }
        return results;
    }

    private static String checksum(Tensor tensor) {
        CRC32C checksum = new CRC32C();
        checksum.update(tensor.toRaw());
        return tensor + " " + Long.toHexString(checksum.getValue());
    }
}
