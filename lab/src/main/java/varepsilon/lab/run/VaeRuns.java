package varepsilon.lab.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeEvaluation;
import varepsilon.generative.VaeFile;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.tensor.Device;
import varepsilon.train.Fit;

/**
 * Runs of VAEs.
 *
 * @param curves to draw beside those of a training
 */
public record VaeRuns(ReferenceCurves curves) implements RunKind<VaeSpec, VaeResults> {
    @Override
    public VaeSpec parse(String yaml, Path file) {
        return VaeSpec.parse(yaml, file);
    }

    @Override
    public VaeSpec withEpochs(VaeSpec config, int epochs) {
        if (epochs < config.epochs()) {
            throw new InputException(
                    "epochs " + epochs + ": the run is made for " + config.epochs() + "; expected at least as many");
        }
        if (epochs > config.epochs() && config.schedule().dependsOnTheEnd()) {
            throw new InputException("epochs " + epochs + ": the run's schedule, " + Family.nameOf(config.schedule())
                    + ", ends after " + config.epochs() + "; begin another run with more epochs");
        }
        return config.withEpochs(epochs);
    }

    @Override
    public ImageSet images(VaeSpec config, Path dataDir) throws IOException {
        return VaeTraining.images(config, dataDir);
    }

    @Override
    public String folderName(VaeSpec config) {
        return "vae-" + RunStore.inFileName(config.data()) + "-z" + config.latentDim() + "-"
                + RunStore.digest(config.toYaml());
    }

    @Override
    public String figures(VaeSpec config, Map<String, Double> averages) {
        String unit = config.likelihood().isDensity() ? "bits/dim (density)" : "bits/dim";
        return String.format(Locale.ROOT, "%.4f %s", averages.get("bpd"), unit);
    }

    @Override
    public VaeResults train(Sitting<VaeSpec> sitting) throws IOException {
        Fit.Result fitted = VaeTraining.run(
                sitting.config(),
                sitting.folder(),
                sitting.images(),
                vae -> List.of(sitting.events(), pictures(vae, sitting), sitting.listener()),
                sitting.watch());
        if (!fitted.complete()) {
            throw new StoppedException();
        }
        return test(sitting, fitted);
    }

    private TrainingPictures pictures(Vae vae, Sitting<VaeSpec> sitting) {
        VaeSpec config = sitting.config();
        String title = String.format(Locale.ROOT, "VAE on %s, %d latent dimensions", config.data(), config.latentDim());
        return new TrainingPictures(
                        vae, sitting.folder().path(), title, config.samplesEvery(), config.epochs(), config.seed())
                .published(curves.of(config))
                .showTo(sitting.events()::picture);
    }

    private static VaeResults test(Sitting<VaeSpec> sitting, Fit.Result fitted) throws IOException {
        VaeSpec config = sitting.config();
        ImageSet test = Datasets.load(config.data(), Split.TEST, sitting.dataDir());
        try (VaeFile best = VaeFile.read(sitting.folder().bestWeights(), Device.parse(config.device()))) {
            best.requireFits(test);
            VaeEvaluation evaluation = VaeEvaluation.of(
                    best.vae(),
                    test,
                    VaeEvaluation.Settings.elbo(config.batchSize(), config.seed()),
                    sitting.watch().as("testing"));
            return new VaeResults(
                    sitting.folder().path().toString(),
                    config.data(),
                    config.latentDim(),
                    best.vae().parameterCount(),
                    fitted.history().size(),
                    fitted.last().step(),
                    fitted.last().seconds(),
                    fitted.bestEpoch(),
                    fitted.best().validation("bpd"),
                    evaluation.bpdUnit(),
                    evaluation);
        }
    }
}
