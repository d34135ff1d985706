package varepsilon.lab.run;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.data.Splits;
import varepsilon.generative.MeasuredObjective;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeArchitecture;
import varepsilon.generative.VaeObjective;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.nn.Optimizer;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.train.Fit;
import varepsilon.train.Monitor;
import varepsilon.train.RunDirectory;
import varepsilon.train.StopRule;
import varepsilon.train.TimeLimit;
import varepsilon.train.Trainer;
import varepsilon.train.TrainingListener;
import varepsilon.train.TrainingPlan;

/** Trains a VAE by its configuration, from the start or from the run's checkpoint. */
public final class VaeTraining {
    private VaeTraining() {}

    /** Creates the listeners of a training, which may draw pictures of the model. */
    @FunctionalInterface
    public interface Listeners {
        /** Listeners for this model. */
        List<TrainingListener> of(Vae vae);
    }

    /**
     * Trains to the end, or until a stop is requested.
     *
     * @param dataDir the data folder
     */
    public static Fit.Result run(VaeSpec config, RunDirectory run, Path dataDir, Listeners listeners, Watch watch)
            throws IOException {
        return run(config, run, images(config, dataDir), listeners, watch);
    }

    /**
     * The images that are split into those to train on and those held out.
     *
     * @param dataDir the data folder
     * @throws InputException where no model takes images of their size
     */
    static ImageSet images(VaeSpec config, Path dataDir) throws IOException {
        ImageSet all = Datasets.load(config.data(), Split.TRAIN, dataDir);
        ImageSet limited = config.limit() > 0 ? all.limit(config.limit()) : all;
        requireSplittable(config, limited.size());
        architecture(config, limited);
        return limited;
    }

    private static VaeArchitecture architecture(VaeSpec config, ImageSet images) {
        try {
            if (config.isConditional() && !images.isLabelled()) {
                throw new InputException("has no labels; expected them for --condition label");
            }
            VaeArchitecture architecture = new VaeArchitecture(
                    config.latentDim(),
                    config.architecture(),
                    images.shape(),
                    config.likelihood(),
                    config.decoder(),
                    config.prior(),
                    config.posterior(),
                    config.isConditional() ? images.classNames().size() : 0);
            // What the parts of a model refuse is said before anything is written.
            try (var scope = Scope.withoutGradients();
                    Vae unused = architecture.create(Init.shapes())) {
                return architecture;
            }
        } catch (InputException e) {
            throw new InputException(images.name() + ": " + e.getMessage(), e);
        }
    }

    private static void requireSplittable(VaeSpec config, int size) {
        int held = held(config, size);
        if (held < 1 || held >= size) {
            throw new InputException("validationFraction " + config.validationFraction() + " of " + size
                    + " images holds out " + held + "; expected at least 1, and at least 1 to train on");
        }
    }

    private static int held(VaeSpec config, int size) {
        return (int) Math.round(size * config.validationFraction());
    }

    /** Trains on {@link #images}. */
    static Fit.Result run(VaeSpec config, RunDirectory run, ImageSet all, Listeners listeners, Watch watch)
            throws IOException {
        Engine.setThreads(config.threads());
        int held = held(config, all.size());
        int[][] parts = Splits.random(all.size(), new int[] {all.size() - held, held}, config.seed());
        VaeArchitecture architecture = architecture(config, all);
        TrainingPlan plan = TrainingPlan.of(config.epochs(), config.batchSize(), config.seed(), Monitor.smallest("bpd"))
                .withSchedule(config.schedule())
                .withAverageDecay(config.averageDecay())
                .withStopRules(
                        config.minutes() > 0
                                ? new StopRule[] {
                                    new TimeLimit(Duration.ofMillis(Math.round(60_000 * config.minutes())))
                                }
                                : new StopRule[0]);
        try (Rng rng = Seed.of(config.seed()).split("init").stream()) {
            Init init = Init.on(Device.parse(config.device()), rng);
            try (Vae vae = architecture.create(init);
                    MeasuredObjective objective =
                            config.objective().objective(new VaeObjective.Training(vae, parts[0].length, init));
                    Optimizer optimizer = new Adam(vae.parameters(), config.learningRate())) {
                return new Trainer(objective, optimizer, plan, run, architecture.metadata(), listeners.of(vae), watch)
                        .train(all.subset(parts[0]), all.subset(parts[1]));
            }
        }
    }
}
