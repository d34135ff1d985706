package varepsilon.lab.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Architecture;
import varepsilon.classify.Classifier;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.NetworkClassifier;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.lab.run.NetworkChoice;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.nn.Init;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.evaluate.AttackedBatch;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/** The common setup of the studies of classifiers: images, initial model, trainings, attacks. */
final class ClassifierWork {
    /** The architecture without batch normalisation, which learns in a fraction of a ResNet's time. */
    static final String SMALL = "small-cnn";

    private static final String PUBLIC_WEIGHTS = "weights/cifar10-resnet20.safetensors";
    private static final int BATCH_SIZE = 100;
    private static final int COLOURS = 3;

    private final StudyContext context;
    private final String data;
    private final ImageSet test;

    private ClassifierWork(StudyContext context, String data, ImageSet test) {
        this.context = context;
        this.data = data;
        this.test = test;
    }

    /** On CIFAR-10, or the data of the context, measured on the first so many test images. */
    static ClassifierWork of(StudyContext context, int testImages) throws IOException {
        String data = context.dataOr("cifar10");
        return new ClassifierWork(
                context,
                data,
                Datasets.load(data, Split.TEST, context.dataDir()).limit(testImages));
    }

    /** The images that classifiers are measured on. */
    ImageSet test() {
        return test;
    }

    /** The usual ε in L∞, smaller for photographs than for drawn digits. */
    double epsilon() {
        return isColour() ? 8 / 255.0 : 0.2;
    }

    /** The ε of a defence; small enough in the small sizes for a short training. */
    double hardeningEpsilon() {
        return context.pick(epsilon(), epsilon() / 4, epsilon());
    }

    /** The values of ε in curves, up to twice the usual one. */
    List<Double> epsilons() {
        return List.of(epsilon() / 8, epsilon() / 4, epsilon() / 2, epsilon(), 2 * epsilon());
    }

    private boolean isColour() {
        return test.channels() == COLOURS;
    }

    /** An attack in L∞ with its usual settings. */
    static AttackSpec attack(String name, double epsilon) {
        return AttackSpec.of(name, "linf", epsilon);
    }

    /** PGD in L∞ of so many steps, from one random start. */
    static AttackSpec pgd(int steps, double epsilon) {
        return AttackSpec.linf(Pgd.ofSteps(steps), epsilon);
    }

    /** Untargeted. */
    static Trial trial(AttackSpec attack) {
        return Trial.untargeted(attack.attack(), attack.threatModel());
    }

    /**
     * The weights of a pre-trained model: for CIFAR-10 public ones in the data folder, for other data those of a
     * training by the study.
     */
    Path pretrained() throws IOException {
        if (!data.equals("cifar10")) {
            return context.trained(pretraining());
        }
        Path weights = context.dataDir().resolve(PUBLIC_WEIGHTS);
        if (!Files.isRegularFile(weights)) {
            throw new InputException(weights + ": not there; this study begins with a ResNet-20 trained on CIFAR-10:"
                    + " put its weights there, or choose other data");
        }
        return weights;
    }

    private ClassifierSpec pretraining() throws IOException {
        ClassifierSpec.Images images = images(context.pick(1600, 0, 0), "none");
        return config(
                images,
                fresh(network(), images),
                fitting(context.pick(4, 5, 20), 0.05),
                DefenseSpec.standard(),
                context.seed());
    }

    /** The architecture of the full size. */
    String network() {
        return isColour() ? "resnet20" : SMALL;
    }

    /** The pre-trained model trained further: for a few epochs, so that the study runs on a laptop. */
    ClassifierSpec further(DefenseSpec defense, long seed) throws IOException {
        ClassifierSpec.Images images = images(context.pick(1100, 5000, 0), "none");
        return config(images, network(null, pretrained(), images), fitting(context.pick(2, 1, 5), 0.02), defense, seed);
    }

    /**
     * The first so many training images, of which some are held out and not used.
     *
     * @param limit 0 for all
     */
    ClassifierSpec.Images images(int limit, String augment) {
        return images(limit, "all", augment);
    }

    /** The same, or one half of them. */
    ClassifierSpec.Images images(int limit, String part, String augment) {
        int held = context.pick(100, 500, 1000);
        return new ClassifierSpec.Images(data, limit, part, held, augment, context.pick(100, 500, 0));
    }

    /** Initial parameters. */
    ClassifierSpec.Network fresh(String architecture, ClassifierSpec.Images images) throws IOException {
        return network(architecture, null, images);
    }

    /**
     * Initial parameters from a seed of their own, independent of the training's seed. They are stored in a file beside
     * the runs.
     */
    ClassifierSpec.Network fresh(String architecture, ClassifierSpec.Images images, long seed) throws IOException {
        ClassifierSpec.Network network = fresh(architecture, images);
        Architecture made =
                new Architecture(architecture, test.classNames().size(), test.height(), network.normalisation());
        Path file = context.runs()
                .folder()
                .resolve("fresh-" + data.replaceAll("[^a-z0-9-]+", "-") + "-" + architecture + "-" + seed
                        + ".safetensors");
        Files.createDirectories(context.runs().folder());
        try (var scope = Scope.withoutGradients();
                Rng init = Seed.of(seed).split("init").stream();
                NetworkClassifier classifier = made.create(Init.on(context.device(), init))) {
            Safetensors.write(file, Weights.of(classifier.module().state(), made.metadata()));
        }
        return network(architecture, file, images);
    }

    private ClassifierSpec.Network network(String architecture, Path weights, ClassifierSpec.Images images)
            throws IOException {
        return NetworkChoice.of(architecture, weights, images, context.seed(), context.dataDir())
                .network();
    }

    /** Stochastic gradient descent with a one-cycle schedule. */
    static ClassifierSpec.Fitting fitting(int epochs, double learningRate) {
        return new ClassifierSpec.Fitting(epochs, 64, learningRate);
    }

    /** The configuration of a training. Validation runs no attack, because the study measures robust accuracy. */
    ClassifierSpec config(
            ClassifierSpec.Images images,
            ClassifierSpec.Network network,
            ClassifierSpec.Fitting fitting,
            DefenseSpec defense,
            long seed) {
        return new ClassifierSpec(
                images,
                network,
                fitting,
                defense,
                AttackSpec.none(),
                seed,
                context.threads(),
                context.device().toString());
    }

    /** The model of the last epoch, so that no image is used for selection. */
    ClassifierFile trained(ClassifierSpec config) throws IOException {
        return read(context.trained(config).resolve("checkpoints").resolve("last.safetensors"));
    }

    /** Reads a model. */
    ClassifierFile read(Path weights) throws IOException {
        return ClassifierFile.read(weights, context.device());
    }

    /** Measures a classifier on the test images. */
    RobustnessReport measure(String what, Classifier classifier, List<Trial> trials) {
        return measure(what, classifier, test, trials, batch -> {});
    }

    /** Measures a classifier, with a listener for the adversarial examples of each batch. */
    RobustnessReport measure(
            String what, Classifier classifier, ImageSet images, List<Trial> trials, Consumer<AttackedBatch> attacked) {
        return evaluation(trials).of(classifier, images, attacked, watch(what));
    }

    /** The evaluation of classifiers. */
    RobustEvaluation evaluation(List<Trial> trials) {
        return new RobustEvaluation(trials, BATCH_SIZE, context.seed(), context.device());
    }

    /** The study's watch under this name; its progress throws where a stop is requested. */
    Watch watch(String what) {
        return context.watch().as(what);
    }
}
