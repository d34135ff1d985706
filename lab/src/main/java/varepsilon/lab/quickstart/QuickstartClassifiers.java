package varepsilon.lab.quickstart;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import varepsilon.classify.ClassifierFile;
import varepsilon.classify.Normalisation;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.lab.evaluate.AttackOutcome;
import varepsilon.lab.evaluate.AttackPictures;
import varepsilon.lab.run.ClassifierResults;
import varepsilon.lab.run.ClassifierRuns;
import varepsilon.lab.run.Run;
import varepsilon.lab.run.TrainingDefects;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.report.ImageGrid;
import varepsilon.report.PictureSheet;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Device;

/**
 * The classifier half of the quickstart: on the drawn digits, one classifier of standard training and one of
 * adversarial training, from the same initial weights and for the same number of epochs, both under the same attacks.
 */
final class QuickstartClassifiers {
    /** The name of the picture of both under attack. */
    static final String PICTURE = "attacks.png";

    private static final String DATA = "glyphs";
    private static final ClassifierRuns RUNS = new ClassifierRuns(TrainingDefects.NONE);
    private static final String ARCHITECTURE = "small-cnn";
    private static final int VALIDATION = 1000;
    private static final int BATCH_SIZE = 128;
    private static final double LEARNING_RATE = 0.05;

    // A fifth of the range from black to white: the digit is still legible.
    private static final double EPSILON = 0.2;
    private static final int TRAINING_STEPS = 5;
    private static final int CHECK_STEPS = 10;
    private static final int TEST_STEPS = 20;
    private static final double ALPHA = 0.5;
    private static final int SHOWN = 8;

    private final Path folder;
    private final Quickstart.Settings settings;

    QuickstartClassifiers(Path folder, Quickstart.Settings settings) {
        this.folder = folder;
        this.settings = settings;
    }

    /** Empty where a stop was requested. */
    Optional<QuickstartResult.Classifiers> run(Quickstart.Work work) throws IOException {
        Optional<ClassifierResults> standard = trained(beginStandard(), work);
        if (standard.isEmpty()) {
            return Optional.empty();
        }
        Optional<ClassifierResults> defended = trained(beginDefended(), work);
        if (defended.isEmpty()) {
            return Optional.empty();
        }
        // Neither model needs a data folder for the drawn digits; any will do.
        ImageSet all = Datasets.load(DATA, Split.TEST, folder);
        ImageSet test = settings.testLimit() > 0 ? all.limit(settings.testLimit()) : all;
        try (ClassifierFile first = ClassifierFile.read(standardRun(), device());
                ClassifierFile second = ClassifierFile.read(defendedRun(), device())) {
            int strongest = attacks().size() - 1;
            Trial trial = evaluation().trials().get(strongest);
            AttackPictures fallen =
                    AttackPictures.first(SHOWN, strongest, trial, first.classifier(), test.classNames());
            Optional<RobustnessReport> ofStandard = work.attack(
                    new Quickstart.Attacks("the standard classifier", evaluation(), first.classifier(), test, fallen));
            if (ofStandard.isEmpty()) {
                return Optional.empty();
            }
            AttackPictures same =
                    AttackPictures.of(fallen.shown(), strongest, trial, second.classifier(), test.classNames());
            Optional<RobustnessReport> ofDefended = work.attack(
                    new Quickstart.Attacks("the defended classifier", evaluation(), second.classifier(), test, same));
            if (ofDefended.isEmpty()) {
                return Optional.empty();
            }
            draw(fallen, same);
            return Optional.of(new QuickstartResult.Classifiers(
                    EPSILON, attacked(standard.get(), ofStandard.get()), attacked(defended.get(), ofDefended.get())));
        }
    }

    /** The one of standard training, to be trained. */
    Run<ClassifierSpec, ClassifierResults> beginStandard() throws IOException {
        return Run.begin(RUNS, config(DefenseSpec.standard(), AttackSpec.none()), standardRun(), folder);
    }

    /** The one of adversarial training, to be trained. */
    Run<ClassifierSpec, ClassifierResults> beginDefended() throws IOException {
        DefenseSpec defense = DefenseSpec.adversarialLoss(pgd(TRAINING_STEPS), ALPHA);
        return Run.begin(RUNS, config(defense, pgd(CHECK_STEPS)), defendedRun(), folder);
    }

    private Path standardRun() {
        return folder.resolve("classifier-standard");
    }

    private Path defendedRun() {
        return folder.resolve("classifier-defended");
    }

    private static Optional<ClassifierResults> trained(Run<ClassifierSpec, ClassifierResults> run, Quickstart.Work work)
            throws IOException {
        try (run) {
            return work.train(
                    "A classifier, training: " + run.config().defense().name(), run);
        }
    }

    private ClassifierSpec config(DefenseSpec defense, AttackSpec check) {
        int limit = settings.limit();
        int validation = limit > 0 ? Math.min(VALIDATION, Math.max(1, limit / 10)) : VALIDATION;
        return new ClassifierSpec(
                new ClassifierSpec.Images(DATA, limit, validation, "none", settings.testLimit()),
                new ClassifierSpec.Network(ARCHITECTURE, "", Normalisation.none(1)),
                new ClassifierSpec.Fitting(settings.classifierEpochs(), BATCH_SIZE, LEARNING_RATE),
                defense,
                check,
                settings.seed(),
                settings.threads(),
                settings.device());
    }

    private static AttackSpec pgd(int steps) {
        return AttackSpec.linf(Pgd.ofSteps(steps), EPSILON);
    }

    /** From the weakest to the strongest. */
    private static List<AttackSpec> attacks() {
        return List.of(
                AttackSpec.linf(new UniformNoise(), EPSILON), AttackSpec.linf(new Fgsm(), EPSILON), pgd(TEST_STEPS));
    }

    private RobustEvaluation evaluation() {
        List<Trial> trials = attacks().stream()
                .map(attack -> Trial.untargeted(attack.attack(), attack.threatModel()))
                .toList();
        return new RobustEvaluation(trials, BATCH_SIZE, settings.seed(), device());
    }

    private Device device() {
        return Device.parse(settings.device());
    }

    private static QuickstartResult.Attacked attacked(ClassifierResults training, RobustnessReport report) {
        List<AttackOutcome> outcomes = new ArrayList<>();
        for (int i = 0; i < attacks().size(); i++) {
            outcomes.add(
                    AttackOutcome.of(attacks().get(i), report, report.trials().get(i), null));
        }
        return new QuickstartResult.Attacked(
                training, outcomes, report.worstCaseAccuracy().correct(), report.checks());
    }

    /** The same digits for both classifiers, one above the other. */
    private void draw(AttackPictures standard, AttackPictures defended) throws IOException {
        String attack = "pgd-" + TEST_STEPS + " at ε = " + EPSILON;
        ImageGrid above = standard.grid().title("Standard training, under " + attack);
        ImageGrid below = defended.grid().title("Adversarial training, under " + attack);
        PictureSheet.grid(1, List.of(PictureSheet.of(above.render()), PictureSheet.of(below.render())))
                .write(folder.resolve(PICTURE));
    }
}
