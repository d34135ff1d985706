package varepsilon.lab.published;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.lab.run.NetworkChoice;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.nn.Schedule;
import varepsilon.nn.Sgd;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.defense.AdversarialLoss;

/**
 * The published robustness experiment: its complete configuration.
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
 * @param alpha weight of the clean images in the defence
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
    private static final int EPOCHS = 30;

    /** Rejects values outside their ranges. */
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

    /** As published, with pre-training here, since the published weights are not available. */
    static RobustnessSettings usual(String question) {
        boolean fgsm = question.equals("2.1");
        Training published = new Training(EPOCHS, 64, 5e-4, 0.9, 0, "step", 7, 0.1);
        return new RobustnessSettings(
                question,
                "cifar10",
                0,
                1000,
                PublishedRow.IMAGES,
                "resnet18",
                "",
                new Training(EPOCHS, 128, 0.1, 0.9, 5e-4, "one-cycle", 1, 1),
                published,
                published,
                0.5,
                fgsm ? new Strength(0.1, 0) : new Strength(0.01, 2),
                new Strength(8 / 255.0, fgsm ? 0 : 2 / 255.0),
                10,
                42,
                1,
                "cpu");
    }

    /**
     * Training by stochastic gradient descent.
     *
     * @param epochs passes over the training images
     * @param batchSize images in a batch
     * @param learningRate the largest of the schedule
     * @param momentum share of the earlier steps that a step keeps
     * @param weightDecay share of a weight that is added to its gradient
     * @param schedule a {@link Schedule} by name
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
        private Schedule rates() {
            return Family.of(Schedule.class)
                    .parse(schedule, Map.of("decayEvery", decayEvery, "decayFactor", decayFactor, "peak", PEAK));
        }

        ClassifierSpec.Fitting toFitting() {
            return new ClassifierSpec.Fitting(
                    epochs, batchSize, learningRate, new Sgd.Choice(momentum, weightDecay), rates(), 0, 0, 0);
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
    public AttackSpec attackAsRun() {
        return attack(asRun, false);
    }

    /** The attack as it was meant, its lengths in pixel units. */
    public AttackSpec attackAsMeant() {
        return attack(asMeant, true);
    }

    private AttackSpec attack(Strength strength, boolean randomStart) {
        Attack attack = attackName().equals("fgsm")
                ? new Fgsm()
                : Pgd.ofSteps(steps)
                        .withStepSize(
                                strength.stepSize() > 0 ? StepSize.pixels(strength.stepSize()) : new Pgd().stepSize())
                        .withRandomStart(randomStart);
        return AttackSpec.linf(attack, strength.eps());
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
    ClassifierSpec pretrainingConfig(Path dataDir) throws IOException {
        return config("", pretraining, true, DefenseSpec.standard(), seed, dataDir);
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
    ClassifierSpec training(PublishedRow.Model model, boolean asMeant, Path weights, Path dataDir) throws IOException {
        DefenseSpec defense = !model.defended()
                ? DefenseSpec.standard()
                : asMeant ? DefenseSpec.adversarialLoss(attackAsMeant(), alpha) : defenseAsRun();
        return config(
                model.pretrained() ? weights.toString() : "",
                model.pretrained() ? further : scratch,
                model.augmentation(),
                defense,
                seed + model.set() - 1,
                dataDir);
    }

    private DefenseSpec defenseAsRun() {
        boolean fgsm = attackName().equals("fgsm");
        List<String> defects = fgsm
                ? List.of(Defect.CLAMP_NORMALISED.label(), Defect.NORMALISED_UNITS.label())
                : List.of(
                        Defect.CLAMP_NORMALISED.label(),
                        Defect.NORMALISED_UNITS.label(),
                        Defect.TRAIN_ON_CLEAN.label());
        return new DefenseSpec(new AdversarialLoss.Choice(fgsm ? alpha : 1), attackAsRun(), "training", 0, defects);
    }

    private ClassifierSpec config(
            String weights, Training training, boolean augmentation, DefenseSpec defense, long runSeed, Path dataDir)
            throws IOException {
        ClassifierSpec.Images images = new ClassifierSpec.Images(
                data, trainingImages, validation, augmentation ? "crop-flip" : "none", testImages);
        NetworkChoice network =
                NetworkChoice.of(architecture, weights.isEmpty() ? null : Path.of(weights), images, runSeed, dataDir);
        return new ClassifierSpec(
                images, network.network(), training.toFitting(), defense, AttackSpec.none(), runSeed, threads, device);
    }
}
