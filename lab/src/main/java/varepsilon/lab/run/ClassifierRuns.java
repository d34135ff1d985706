package varepsilon.lab.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import varepsilon.base.StoppedException;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.Checksums;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Percent;
import varepsilon.tensor.Device;
import varepsilon.train.Fit;
import varepsilon.train.RunDirectory;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/**
 * Runs of classifiers.
 *
 * @param defects that a training may have
 */
public record ClassifierRuns(TrainingDefects defects) implements RunKind<ClassifierSpec, ClassifierResults> {
    @Override
    public ClassifierSpec parse(String yaml, Path file) {
        return ClassifierSpec.parse(yaml, file);
    }

    @Override
    public ClassifierSpec withEpochs(ClassifierSpec config, int epochs) {
        return config.withEpochs(epochs);
    }

    @Override
    public void requireKnown(ClassifierSpec config) {
        defects.requireKnown(config.defense().defects());
    }

    @Override
    public ImageSet images(ClassifierSpec config, Path dataDir) throws IOException {
        return ClassifierTraining.images(config.images(), config.seed(), dataDir);
    }

    @Override
    public void requireUsable(ClassifierSpec config, ImageSet images) throws IOException {
        if (hasWeights(config)) {
            requireFits(Path.of(config.network().weights()), config, images);
        }
        ClassifierTraining.architecture(config, images);
    }

    @Override
    public void prepare(ClassifierSpec config, RunDirectory folder) throws IOException {
        if (hasWeights(config)) {
            keepWeights(Path.of(config.network().weights()), config, initialWeights(folder.path()));
        }
    }

    private static boolean hasWeights(ClassifierSpec config) {
        return !config.network().weights().isEmpty();
    }

    private static void requireFits(Path weights, ClassifierSpec config, ImageSet images) throws IOException {
        try (ClassifierFile file = initial(weights, config)) {
            file.requireFits(images);
        }
    }

    private static ClassifierFile initial(Path weights, ClassifierSpec config) throws IOException {
        ClassifierFile.Stated stated = new ClassifierFile.Stated(
                Optional.of(config.network().architecture()),
                Optional.of(config.network().normalisation()));
        return ClassifierFile.read(weights, stated, Device.CPU);
    }

    /** Copies the initial weights, so that a run can be resumed where their file has changed or was deleted. */
    private static void keepWeights(Path from, ClassifierSpec config, Path to) throws IOException {
        try (ClassifierFile file = initial(from, config)) {
            NetworkClassifier network = (NetworkClassifier) file.classifier();
            Safetensors.write(
                    to,
                    Weights.of(network.module().state(), network.architecture().metadata()));
        }
    }

    /** The copy of the weights that a run began with. */
    private static Path initialWeights(Path run) {
        return run.resolve("checkpoints").resolve("initial.safetensors");
    }

    @Override
    public List<Path> inputs(ClassifierSpec config, RunDirectory folder) {
        return hasWeights(config) ? List.of(initialWeights(folder.path())) : List.of();
    }

    @Override
    public String folderName(ClassifierSpec config) throws IOException {
        String weights = config.network().weights();
        String initial = hasWeights(config) ? Checksums.sha256(RunDirectory.weightsOf(Path.of(weights))) : "";
        return config.network().architecture() + "-" + config.defense().name() + "-"
                + RunStore.digest(config.withWeights(initial).toYaml());
    }

    @Override
    public boolean isToldByConfiguration(ClassifierSpec config) {
        return !hasWeights(config);
    }

    @Override
    public boolean canResume(ClassifierSpec config, Path run) {
        return !hasWeights(config) || Files.isRegularFile(initialWeights(run));
    }

    /** The same weights may have been given by another path. */
    @Override
    public ClassifierSpec comparable(ClassifierSpec found, ClassifierSpec requested) {
        return found.withWeights(requested.network().weights());
    }

    /** Some trainings have one of them only. */
    @Override
    public String figures(ClassifierSpec config, Map<String, Double> averages) {
        return Stream.of(
                        percent("accuracy", averages.get("accuracy")),
                        percent("robust", averages.get("robust_accuracy")),
                        percent("certified", averages.get("certified_accuracy")),
                        percent("under noise", averages.get("noisy_accuracy")))
                .flatMap(Optional::stream)
                .collect(Collectors.joining(", "));
    }

    private static Optional<String> percent(String name, Double share) {
        return Optional.ofNullable(share).map(value -> name + " " + Percent.of(value));
    }

    @Override
    public ClassifierResults train(Sitting<ClassifierSpec> sitting) throws IOException {
        ClassifierSpec config = sitting.config();
        Path folder = sitting.folder().path();
        String title = config.network().architecture() + " on "
                + config.images().data() + ", " + config.defense().name();
        ClassifierTraining.Trained trained = ClassifierTraining.of(config, sitting.images(), defects)
                .run(
                        sitting.folder(),
                        hasWeights(config) ? initialWeights(folder) : null,
                        List.of(sitting.events(), new ClassifierCurves(folder, title), sitting.listener()),
                        sitting.watch());
        if (!trained.outcome().complete()) {
            throw new StoppedException();
        }
        return test(sitting, trained);
    }

    private static ClassifierResults test(Sitting<ClassifierSpec> sitting, ClassifierTraining.Trained trained)
            throws IOException {
        ClassifierSpec config = sitting.config();
        int limit = config.images().testLimit();
        ImageSet all = Datasets.load(config.images().data(), Split.TEST, sitting.dataDir());
        ImageSet test = limit > 0 ? all.limit(limit) : all;
        Device device = Device.parse(config.device());
        AttackSpec check = config.check();
        List<Trial> trials =
                check.present() ? List.of(Trial.untargeted(check.attack(), check.threatModel())) : List.of();
        try (ClassifierFile best = ClassifierFile.read(sitting.folder().bestWeights(), device)) {
            RobustnessReport report = new RobustEvaluation(
                            trials, config.fitting().batchSize(), config.seed(), device)
                    .of(best.classifier(), test, sitting.watch().as("testing"));
            if (!report.complete()) {
                throw new StoppedException();
            }
            return results(sitting, trained, report);
        }
    }

    private static ClassifierResults results(
            Sitting<ClassifierSpec> sitting, ClassifierTraining.Trained trained, RobustnessReport report) {
        ClassifierSpec config = sitting.config();
        Fit.Result outcome = trained.outcome();
        Accuracy clean = report.clean();
        AttackOutcome attack = config.check().present()
                ? AttackOutcome.of(config.check(), report, report.trials().get(0), null)
                : null;
        return new ClassifierResults(
                sitting.folder().path().toString(),
                config.images().data(),
                config.network().architecture(),
                config.defense().name(),
                trained.parameters(),
                outcome.history().size(),
                outcome.last().step(),
                outcome.last().seconds(),
                trained.forwardPasses(),
                trained.backwardPasses(),
                outcome.stopped().orElse(null),
                outcome.bestEpoch(),
                outcome.best().validation("accuracy"),
                outcome.best().validation().get("robust_accuracy"),
                new ClassifierResults.Test(
                        clean.n(),
                        clean.correct(),
                        clean.rate(),
                        clean.interval().bounds(),
                        attack));
    }
}
