package varepsilon.lab.experiment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.data.Splits;
import varepsilon.generative.ConvVae;
import varepsilon.generative.ElboObjective;
import varepsilon.generative.Likelihood;
import varepsilon.generative.Vae;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.nn.Optimizer;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.InputException;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.train.RunDirectory;
import varepsilon.train.Trainer;
import varepsilon.train.TrainingListener;
import varepsilon.train.TrainingPlan;

/** Trains a VAE as its configuration says, from the start or from where the run's checkpoint stands. */
public final class VaeTraining {
    private VaeTraining() {}

    /** Makes the listeners of a training, which may want to draw pictures of the model. */
    @FunctionalInterface
    public interface Listeners {
        /** Listeners for this model. */
        List<TrainingListener> of(Vae vae);
    }

    /**
     * Trains to the end, or until a stop is requested.
     *
     * @param dataDir where the data lies
     */
    public static Trainer.Outcome run(
            VaeConfig config, RunDirectory run, Path dataDir, Listeners listeners, BooleanSupplier stopRequested)
            throws IOException {
        Engine.setThreads(config.threads());
        ImageSet all = Datasets.load(config.data(), Split.TRAIN, dataDir);
        if (config.limit() > 0) {
            all = all.limit(config.limit());
        }
        int held = (int) Math.round(all.size() * config.validationFraction());
        if (held < 1 || held >= all.size()) {
            throw new InputException("--validation-fraction " + config.validationFraction() + " of " + all.size()
                    + " images holds out " + held + "; expected at least 1, and at least 1 to train on");
        }
        int[][] parts = Splits.random(all.size(), new int[] {all.size() - held, held}, config.seed());
        ConvVae architecture = new ConvVae(
                config.latentDim(),
                config.filters(),
                all.channels(),
                Likelihood.named(config.likelihood(), config.levels()));
        TrainingPlan plan = TrainingPlan.of(config.epochs(), config.batchSize(), config.seed(), "bpd");
        try (Rng init = Rng.seeded(config.seed()).split("init");
                Vae vae = architecture.create(Init.on(Device.parse(config.device()), init));
                Optimizer optimizer = new Adam(vae.parameters(), config.learningRate())) {
            return new Trainer(
                            new ElboObjective(vae, config.beta(), config.freeNats()),
                            optimizer,
                            plan,
                            run,
                            architecture.metadata(),
                            listeners.of(vae),
                            stopRequested)
                    .train(all.subset(parts[0]), all.subset(parts[1]));
        }
    }
}
