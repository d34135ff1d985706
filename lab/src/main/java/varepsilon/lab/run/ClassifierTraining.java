package varepsilon.lab.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.Augmentation;
import varepsilon.data.Datasets;
import varepsilon.data.HorizontalFlip;
import varepsilon.data.ImageSet;
import varepsilon.data.RandomCrop;
import varepsilon.data.Split;
import varepsilon.data.Splits;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.nn.Init;
import varepsilon.nn.Optimizer;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.CatastrophicOverfitting;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.robust.defense.Defense;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.train.EarlyStopping;
import varepsilon.train.Fit;
import varepsilon.train.Monitor;
import varepsilon.train.RunDirectory;
import varepsilon.train.StopRule;
import varepsilon.train.Trainer;
import varepsilon.train.TrainingListener;
import varepsilon.train.TrainingPlan;
import varepsilon.weights.Weights;

/** Trains a classifier by its configuration, from the start or from the run's checkpoint. */
final class ClassifierTraining {
    private static final int CROP_PADDING = 4;
    private static final double FLIP_PROBABILITY = 0.5;

    private final ClassifierSpec config;
    private final ImageSet training;
    private final ImageSet validation;
    private final TrainingDefects defects;

    private ClassifierTraining(ClassifierSpec config, ImageSet training, ImageSet validation, TrainingDefects defects) {
        this.config = config;
        this.defects = defects;
        this.training = training;
        this.validation = validation;
    }

    /**
     * The images that are split into those to train on and those held out.
     *
     * @param seed of the choice where only a part is used
     * @param dataDir the data folder
     */
    static ImageSet images(ClassifierSpec.Images config, long seed, Path dataDir) throws IOException {
        ImageSet all = Datasets.load(config.data(), Split.TRAIN, dataDir);
        if (!all.isLabelled()) {
            throw new InputException(all.name()
                    + ": its images have no labels, and a classifier needs them: a sub-folder for each"
                    + " class, or a file of labels");
        }
        ImageSet limited = part(config.part(), config.limit() > 0 ? all.limit(config.limit()) : all, seed);
        if (config.validation() >= limited.size()) {
            throw new InputException("validation " + config.validation() + ": expected fewer than the " + limited.size()
                    + " images that there are");
        }
        return limited;
    }

    private static ImageSet part(String part, ImageSet images, long seed) {
        if (part.equals("all")) {
            return images;
        }
        int half = images.size() / 2;
        int[][] halves = Splits.random(images.size(), new int[] {half, images.size() - half}, seed);
        return images.subset(halves[part.equals("first-half") ? 0 : 1]);
    }

    /** Those of {@link #images} that are trained on, and those held out. */
    static ImageSet[] split(ImageSet images, int held, long seed) {
        int[][] parts = Splits.random(images.size(), new int[] {images.size() - held, held}, seed);
        return new ImageSet[] {images.subset(parts[0]), images.subset(parts[1])};
    }

    /** A training on {@link #images}. */
    static ClassifierTraining of(ClassifierSpec config, ImageSet images, TrainingDefects defects) {
        ImageSet[] parts = split(images, config.images().validation(), config.seed());
        return new ClassifierTraining(config, parts[0], parts[1], defects);
    }

    /**
     * The results.
     *
     * @param parameters trained numbers
     * @param forwardPasses images sent through the network in training, attacks included
     * @param backwardPasses images whose gradients were computed in training, attacks included
     */
    record Trained(Fit.Result outcome, long parameters, long forwardPasses, long backwardPasses) {}

    /**
     * Trains to the end, or until a stop is requested.
     *
     * @param initial weights to start from, null for fresh ones
     */
    Trained run(RunDirectory run, Path initial, List<TrainingListener> listeners, Watch watch) throws IOException {
        Engine.setThreads(config.threads());
        Architecture architecture = architecture(config, training);
        try (Rng init = Seed.of(config.seed()).split("init").stream();
                NetworkClassifier classifier = architecture.create(Init.on(Device.parse(config.device()), init));
                ClassifierObjective objective = objective(classifier);
                Optimizer optimizer = config.fitting()
                        .optimizer()
                        .create(
                                classifier.module().parameters(),
                                config.fitting().learningRate())) {
            if (initial != null) {
                try (var scope = Scope.withoutGradients()) {
                    classifier.module().load(Weights.read(initial));
                }
            }
            Fit.Result outcome = new Trainer(
                            objective, optimizer, plan(), run, architecture.metadata(), listeners, watch)
                    .train(training, validation);
            return new Trained(
                    outcome,
                    classifier.module().parameterCount(),
                    objective.forwardPasses(),
                    objective.backwardPasses());
        }
    }

    /** @throws InputException where such a network cannot take these images */
    static Architecture architecture(ClassifierSpec config, ImageSet images) {
        Architecture architecture = new Architecture(
                config.network().architecture(),
                images.classNames().size(),
                images.height(),
                config.network().normalisation());
        architecture.requireFits(images);
        return architecture;
    }

    private ClassifierObjective objective(NetworkClassifier classifier) {
        AttackSpec check = config.check();
        ClassifierObjective.Settings settings = new ClassifierObjective.Settings(
                config.fitting().labelSmoothing(),
                check.present() ? new Adversary(check.attack(), check.threatModel()) : null);
        return defects.objective(config.defense().defects(), classifier, settings, this::adversary)
                .orElseGet(() -> usualObjective(classifier, settings));
    }

    private ClassifierObjective usualObjective(NetworkClassifier classifier, ClassifierObjective.Settings settings) {
        DefenseSpec defense = config.defense();
        return defense.method()
                .objective(new Defense.Training(
                        classifier,
                        settings,
                        defense.attack().present() ? adversary() : null,
                        config.fitting().batchSize(),
                        training.shape()));
    }

    private Adversary adversary() {
        DefenseSpec defense = config.defense();
        Attack attack = defects.attack(
                defense.attack(), defense.defects(), config.network().normalisation());
        return new Adversary(attack, defense.attack().threatModel())
                .withWarmUp(defense.epsWarmup())
                .withMode(defense.mode());
    }

    private TrainingPlan plan() {
        ClassifierSpec.Fitting fitting = config.fitting();
        Augmentation augmentation = config.images().augment().equals("crop-flip")
                ? new RandomCrop(CROP_PADDING).then(new HorizontalFlip(FLIP_PROBABILITY))
                : Augmentation.none();
        return TrainingPlan.of(fitting.epochs(), fitting.batchSize(), config.seed(), monitor())
                .withSchedule(fitting.schedule())
                .withAugmentation(augmentation)
                .withAverageDecay(fitting.ema())
                .withStopRules(stopRules().toArray(StopRule[]::new));
    }

    private List<StopRule> stopRules() {
        List<StopRule> rules = new ArrayList<>();
        if (config.fitting().patience() > 0) {
            rules.add(new EarlyStopping(monitor(), config.fitting().patience()));
        }
        if (config.defense().isSingleStep() && config.check().present()) {
            rules.add(new CatastrophicOverfitting());
        }
        return rules;
    }

    /** The best weights are chosen by what the defence says, else by robust accuracy where it is measured, else clean. */
    private Monitor monitor() {
        String usual = config.check().present() ? "robust_accuracy" : "accuracy";
        return Monitor.largest(config.defense().method().monitored().orElse(usual));
    }
}
