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

/** What the studies of classifiers share: images, the model that they begin with, trainings, attacks. */
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

    /** On CIFAR-10, or what a person or the size says, measured on the first so many test images. */
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

    /** The usual size of a perturbation in L∞: a grey level counts for more in photographs than in drawn digits. */
    double epsilon() {
        return isColour() ? 8 / 255.0 : 0.2;
    }

    /** What a defence is to withstand: on a laptop so little that a model can learn it in a minute. */
    double hardeningEpsilon() {
        return context.pick(epsilon(), epsilon() / 4, epsilon());
    }

    /** Attacks of several sizes reach from almost nothing to twice the usual. */
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

    /** Any wrong class will do. */
    static Trial trial(AttackSpec attack) {
        return Trial.untargeted(attack.attack(), attack.threatModel());
    }

    /**
     * The weights of a model that is trained already: for CIFAR-10 public ones in the data folder, for other data those
     * of a training of our own.
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

    /** The architecture that suits the images where time is no matter. */
    String network() {
        return isColour() ? "resnet20" : SMALL;
    }

    /** The pre-trained model trained further: for a short while, which is what a study on a laptop has time for. */
    ClassifierSpec further(DefenseSpec defense, long seed) throws IOException {
        ClassifierSpec.Images images = images(context.pick(1100, 5000, 0), "none");
        return config(images, network(null, pretrained(), images), fitting(context.pick(2, 1, 5), 0.02), defense, seed);
    }

    /**
     * The first so many training images, of which some are held out that nothing here is chosen by.
     *
     * @param limit 0 for all
     */
    ClassifierSpec.Images images(int limit, String augment) {
        return images(limit, "all", augment);
    }

    /** The same, or a half of them. */
    ClassifierSpec.Images images(int limit, String part, String augment) {
        int held = context.pick(100, 500, 1000);
        return new ClassifierSpec.Images(data, limit, part, held, augment, context.pick(100, 500, 0));
    }

    /** Parameters that nothing has trained. */
    ClassifierSpec.Network fresh(String architecture, ClassifierSpec.Images images) throws IOException {
        return network(architecture, null, images);
    }

    /**
     * Parameters that nothing has trained, drawn by a seed of their own, whatever seed the training has. They lie in a
     * file beside the runs.
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

    /** Stochastic gradient descent as it is usually done, with the rate rising and falling once. */
    static ClassifierSpec.Fitting fitting(int epochs, double learningRate) {
        return new ClassifierSpec.Fitting(epochs, 64, learningRate);
    }

    /** Everything that decides a training. No attack checks it on the way: it is measured by its study. */
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

    /** The model that a training ends with: nothing is chosen by what it does on any image. */
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

    /** Measures a classifier, and gives what each trial made of each batch. */
    RobustnessReport measure(
            String what, Classifier classifier, ImageSet images, List<Trial> trials, Consumer<AttackedBatch> attacked) {
        return evaluation(trials).of(classifier, images, attacked, watch(what));
    }

    /** How classifiers are measured. */
    RobustEvaluation evaluation(List<Trial> trials) {
        return new RobustEvaluation(trials, BATCH_SIZE, context.seed(), context.device());
    }

    /** Told how far the study is, of work of this name; its progress throws where a stop is requested. */
    Watch watch(String what) {
        return context.watch().as(what);
    }
}
