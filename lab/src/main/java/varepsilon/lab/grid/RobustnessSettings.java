package varepsilon.lab.grid;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import varepsilon.lab.experiment.AttackSettings;
import varepsilon.lab.experiment.ClassifierConfig;
import varepsilon.lab.experiment.Defect;
import varepsilon.lab.experiment.NetworkChoice;
import varepsilon.tensor.InputException;

/**
 * The published robustness experiment: everything that decides what comes of it.
 *
 * @param question {@code 2.1}: FGSM, or {@code 2.3}: PGD
 * @param data name of the data set
 * @param trainingImages first so many, 0 for all
 * @param validation so many of them are held out
 * @param testImages images behind each figure
 * @param architecture of the network
 * @param pretrained weights of the pre-trained model, a path or one inside the data folder; empty to train it here
 * @param pretraining how that is trained where it is
 * @param further how the pre-trained models are trained further
 * @param scratch how the others are trained
 * @param alpha weight of the images as they are in the defence
 * @param asRun ε and PGD's step as they were run, in units of the normalised image
 * @param asMeant ε and PGD's step as they were meant, in pixel units
 * @param steps of PGD
 * @param seed of set 1; set 2 has the next
 * @param threads threads of one operation
 * @param device {@code cpu} or {@code cuda:i}
 */
public record RobustnessSettings(
        String question,
        String data,
        int trainingImages,
        int validation,
        int testImages,
        String architecture,
        String pretrained,
        Training pretraining,
        Training further,
        Training scratch,
        double alpha,
        Strength asRun,
        Strength asMeant,
        int steps,
        long seed,
        int threads,
        String device) {
    private static final double PEAK = 0.3;

    /** Refuses values that make no sense. */
    public RobustnessSettings {
        if (!List.of("2.1", "2.3").contains(question)) {
            throw new InputException("question " + question + ": expected 2.1 or 2.3");
        }
        if (testImages < 1) {
            throw new InputException("testImages " + testImages + ": expected at least 1");
        }
        if (steps < 1) {
            throw new InputException("steps " + steps + ": expected at least 1");
        }
    }

    /**
     * Training by stochastic gradient descent.
     *
     * @param epochs passes over the training images
     * @param batchSize images in a batch
     * @param learningRate the largest of the schedule
     * @param momentum share of the earlier steps that a step keeps
     * @param weightDecay share of a weight that is added to its gradient
     * @param schedule one of {@link ClassifierConfig#SCHEDULES}
     * @param decayEvery epochs after which {@code step} multiplies the rate
     * @param decayFactor by what
     */
    public record Training(
            int epochs,
            int batchSize,
            double learningRate,
            double momentum,
            double weightDecay,
            String schedule,
            int decayEvery,
            double decayFactor) {
        ClassifierConfig.Fitting toFitting() {
            return new ClassifierConfig.Fitting(
                    epochs,
                    batchSize,
                    learningRate,
                    momentum,
                    weightDecay,
                    schedule,
                    decayEvery,
                    decayFactor,
                    PEAK,
                    0,
                    0,
                    0);
        }
    }

    /**
     * The strength of an attack.
     *
     * @param eps ε
     * @param stepSize of PGD
     */
    public record Strength(double eps, double stepSize) {}

    /** {@code fgsm} or {@code pgd}. */
    public String attackName() {
        return question.equals("2.1") ? "fgsm" : "pgd";
    }

    /** The attack as it was run, its lengths in normalised units. */
    public AttackSettings attackAsRun() {
        return attack(asRun, false);
    }

    /** The attack as it was meant, its lengths in pixel units. */
    public AttackSettings attackAsMeant() {
        return attack(asMeant, true);
    }

    private AttackSettings attack(Strength strength, boolean randomStart) {
        AttackSettings usual = AttackSettings.usual(attackName(), "linf", strength.eps());
        return attackName().equals("fgsm")
                ? usual
                : new AttackSettings(
                        "pgd", "linf", strength.eps(), steps, strength.stepSize(), 1, randomStart, 0, usual.loss());
    }

    /** Whether the pre-trained model is trained here. */
    public boolean pretrains() {
        return pretrained.isEmpty();
    }

    /** The file of the pre-trained weights. */
    Path pretrainedFile(Path dataDir) {
        Path inData = dataDir.resolve(pretrained);
        Path file = Files.exists(inData) ? inData : Path.of(pretrained);
        if (!Files.exists(file)) {
            throw new InputException("pretrained " + pretrained + ": there is no such file, neither here nor in "
                    + dataDir + "; name weights of a " + architecture
                    + ", or leave it empty to train the model here first");
        }
        return file;
    }

    /** The training of the pre-trained model, where it is trained here. */
    ClassifierConfig pretrainingConfig(Path dataDir) throws IOException {
        return config("", pretraining, true, ClassifierConfig.Defense.standard(), seed, dataDir);
    }

    /** Whether a model is trained at all: one of them was not, as it was run. */
    static boolean isTrained(PublishedRow.Model model, boolean asMeant) {
        return asMeant || !model.pretrained() || model.defended();
    }

    /**
     * The training of a model of the tables.
     *
     * @param weights the pre-trained ones
     */
    ClassifierConfig training(PublishedRow.Model model, boolean asMeant, Path weights, Path dataDir)
            throws IOException {
        ClassifierConfig.Defense defense = !model.defended()
                ? ClassifierConfig.Defense.standard()
                : asMeant ? ClassifierConfig.Defense.adversarialLoss(attackAsMeant(), alpha) : defenseAsRun();
        return config(
                model.pretrained() ? weights.toString() : "",
                model.pretrained() ? further : scratch,
                model.augmentation(),
                defense,
                seed + model.set() - 1,
                dataDir);
    }

    private ClassifierConfig.Defense defenseAsRun() {
        boolean fgsm = attackName().equals("fgsm");
        List<String> defects = fgsm
                ? List.of(Defect.CLAMP_NORMALISED.label(), Defect.NORMALISED_UNITS.label())
                : List.of(
                        Defect.CLAMP_NORMALISED.label(),
                        Defect.NORMALISED_UNITS.label(),
                        Defect.TRAIN_ON_CLEAN.label());
        return new ClassifierConfig.Defense(
                "adversarial-loss", attackAsRun(), "training", 0, fgsm ? alpha : 1, 0, 1, defects);
    }

    private ClassifierConfig config(
            String weights,
            Training training,
            boolean augmentation,
            ClassifierConfig.Defense defense,
            long runSeed,
            Path dataDir)
            throws IOException {
        ClassifierConfig.Images images = new ClassifierConfig.Images(
                data, trainingImages, validation, augmentation ? "crop-flip" : "none", testImages);
        NetworkChoice network =
                NetworkChoice.of(architecture, weights.isEmpty() ? null : Path.of(weights), images, runSeed, dataDir);
        return new ClassifierConfig(
                images,
                network.network(),
                training.toFitting(),
                defense,
                AttackSettings.none(),
                runSeed,
                threads,
                device);
    }
}
