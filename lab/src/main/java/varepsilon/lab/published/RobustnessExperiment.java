package varepsilon.lab.published;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.lab.experiment.Cell;
import varepsilon.lab.experiment.Experiment;
import varepsilon.lab.experiment.Stage;
import varepsilon.lab.experiment.TrainingCell;
import varepsilon.lab.experiment.Workplace;
import varepsilon.lab.page.HtmlPage;
import varepsilon.lab.published.MeasuredClassifier.Measurement;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.report.Metrics;
import varepsilon.tensor.Device;

/**
 * One of the published robustness tables, each row as it was run and as it was meant. As run, with every {@link
 * Defect}, each model is measured on a quarter of the test images of its own, as it was; as meant, all are on the same
 * images, so that they can be compared image by image.
 */
final class RobustnessExperiment implements Experiment {
    static final String CLEAN = "clean";
    static final String CLAMP_ALONE = "clamp alone";
    static final String AS_RUN = "as run";
    private static final int SHOWN = 8;
    static final String AS_MEANT = "as meant";

    private final RobustnessSettings settings;
    private final Workplace workplace;
    // Making a configuration reads weights and images; so they are cached.
    private final Map<PublishedRow.Model, ClassifierSpec> trainedAsRun = new HashMap<>();
    private final Map<PublishedRow.Model, ClassifierSpec> trainedAsMeant = new HashMap<>();
    private final Map<PublishedRow.Model, Measured> measured = new HashMap<>();

    RobustnessExperiment(RobustnessSettings settings, Workplace workplace) {
        this.settings = settings;
        this.workplace = workplace;
    }

    /** The name of the measurement that has all defects but one. */
    static String without(Defect defect) {
        return "without " + defect.label();
    }

    /** The pre-training where there is one, the trainings, the measurements. */
    @Override
    public List<Stage> stages() {
        return List.of(this::pretraining, this::trainings, this::measurements);
    }

    @Override
    public List<String> notes() throws IOException {
        if (settings.pretrains()) {
            return List.of();
        }
        try (ClassifierFile file = ClassifierFile.read(settings.pretrainedFile(workplace.dataDir()), Device.CPU)) {
            return file.notes();
        }
    }

    /** The models of the table, in the order of its rows. */
    List<PublishedRow.Model> models() {
        Set<PublishedRow.Model> models = new LinkedHashSet<>();
        PublishedRow.of(settings.question()).forEach(row -> models.add(row.model()));
        return List.copyOf(models);
    }

    private List<Cell> pretraining() throws IOException {
        return settings.pretrains()
                ? List.of(TrainingCell.of(
                        "pre-training", settings.pretrainingConfig(workplace.dataDir()), workplace.runs()))
                : List.of();
    }

    private List<Cell> trainings() throws IOException {
        Map<String, Cell> cells = new LinkedHashMap<>();
        for (boolean asMeant : new boolean[] {false, true}) {
            for (PublishedRow.Model model : models()) {
                Optional<ClassifierSpec> training = training(model, asMeant);
                if (training.isPresent()) {
                    String label = model.label() + (asMeant ? ", as meant" : ", as run");
                    Cell cell = TrainingCell.of(label, training.get(), workplace.runs());
                    // Undefended models from scratch are the same as run and as meant.
                    cells.putIfAbsent(cell.key(), cell);
                }
            }
        }
        return List.copyOf(cells.values());
    }

    private Optional<ClassifierSpec> training(PublishedRow.Model model, boolean asMeant) throws IOException {
        if (!RobustnessSettings.isTrained(model, asMeant)) {
            return Optional.empty();
        }
        Map<PublishedRow.Model, ClassifierSpec> made = asMeant ? trainedAsMeant : trainedAsRun;
        if (!made.containsKey(model)) {
            made.put(model, settings.training(model, asMeant, pretrainedWeights(), workplace.dataDir()));
        }
        return Optional.of(made.get(model));
    }

    private Path pretrainedWeights() throws IOException {
        return settings.pretrains()
                ? workplace.runs().folder(settings.pretrainingConfig(workplace.dataDir()))
                : settings.pretrainedFile(workplace.dataDir());
    }

    /** The weights of a model: a run directory, or the pre-trained file where it is not trained further. */
    Path weights(PublishedRow.Model model, boolean asMeant) throws IOException {
        Optional<ClassifierSpec> training = training(model, asMeant);
        return training.isPresent() ? workplace.runs().folder(training.get()) : pretrainedWeights();
    }

    private List<Cell> measurements() throws IOException {
        Images images = images();
        List<Cell> cells = new ArrayList<>();
        for (PublishedRow.Model model : models()) {
            cells.addAll(measured(model, images).all());
        }
        return cells;
    }

    /**
     * The measurements of one model of the table.
     *
     * @param asRun the model as run on its own quarter: all measurements
     * @param corrected the model trained as meant, measured as run, on the same quarter; empty where training has no
     *     defect
     * @param asMeant the model trained as meant, measured as meant, on the images that all models share
     */
    record Measured(MeasurementCell asRun, Optional<MeasurementCell> corrected, MeasurementCell asMeant) {
        private List<Cell> all() {
            List<Cell> cells = new ArrayList<>(List.of(asRun));
            corrected.ifPresent(cells::add);
            cells.add(asMeant);
            return cells;
        }
    }

    Measured measured(PublishedRow.Model model, Images images) throws IOException {
        if (!measured.containsKey(model)) {
            measured.put(model, measure(model, images));
        }
        return measured.get(model);
    }

    private Measured measure(PublishedRow.Model model, Images images) throws IOException {
        Path run = weights(model, false);
        Path meant = weights(model, true);
        ImageSet quarter = images.quarter(model);
        Measurement clean = new Measurement.Clean(CLEAN);
        Measurement asRun = asRun(AS_RUN, evaluationDefects());
        List<Measurement> all = new ArrayList<>(List.of(clean, new Measurement.ClampAlone(CLAMP_ALONE), asRun));
        for (Defect defect : evaluationDefects()) {
            all.add(asRun(
                    without(defect),
                    evaluationDefects().stream()
                            .filter(other -> other != defect)
                            .toList()));
        }
        Measurement asMeant = new Measurement.AsMeant(AS_MEANT, settings.attackAsMeant());
        all.add(asMeant);
        return new Measured(
                measurement(model.label() + ", as run", run, quarter, all),
                meant.equals(run)
                        ? Optional.empty()
                        : Optional.of(measurement(
                                model.label() + ", trained as meant", meant, quarter, List.of(clean, asRun))),
                measurement(model.label() + ", as meant", meant, images.shared(), List.of(clean, asMeant)));
    }

    /** The defects of attacks in evaluation. */
    List<Defect> evaluationDefects() {
        return settings.attackName().equals("fgsm")
                ? List.of(Defect.CLAMP_NORMALISED, Defect.LOGIT_LOSS, Defect.NORMALISED_UNITS)
                : List.of(Defect.CLAMP_NORMALISED, Defect.NORMALISED_UNITS);
    }

    private Measurement asRun(String name, List<Defect> defects) {
        boolean normalised = defects.contains(Defect.NORMALISED_UNITS);
        AttackSpec attack = normalised ? settings.attackAsRun() : settings.attackAsMeant();
        return new Measurement.AsRun(
                name, attack, defects.stream().map(Defect::label).toList());
    }

    private MeasurementCell measurement(String label, Path weights, ImageSet images, List<Measurement> measurements)
            throws IOException {
        return MeasurementCell.of(
                label, weights, images, measurements, settings.seed(), Device.parse(settings.device()), workplace);
    }

    /** The test images. */
    Images images() throws IOException {
        return new Images(Datasets.load(settings.data(), Split.TEST, workplace.dataDir()), settings);
    }

    /**
     * The test images and their parts.
     *
     * @param test all of them
     */
    record Images(ImageSet test, RobustnessSettings settings) {
        /** The first, the same for all models. */
        ImageSet shared() {
            return limited(test);
        }

        /** A quarter drawn for this model alone. */
        ImageSet quarter(PublishedRow.Model model) {
            int number = 8 * model.set()
                    + (model.pretrained() ? 4 : 0)
                    + (model.defended() ? 2 : 0)
                    + (model.augmentation() ? 1 : 0);
            long drawn = settings.seed() + number;
            return limited(PublishedSplit.of(test, PublishedSplit.VALIDATION_RATIO, drawn)
                    .test());
        }

        private ImageSet limited(ImageSet images) {
            return images.limit(Math.min(images.size(), settings.testImages()));
        }
    }

    /** Whether the figures are on the published data set. */
    boolean isComparable() {
        return settings.data().equals("cifar10");
    }

    RobustnessSettings settings() {
        return settings;
    }

    @Override
    public Summary summarise() throws IOException {
        Images images = images();
        List<RobustnessRow> rows = new ArrayList<>();
        for (PublishedRow row : PublishedRow.of(settings.question())) {
            rows.add(RobustnessRow.of(row, measured(row.model(), images), this));
        }
        return new RobustnessSummary(this, rows, counts(), gallery(images)).summary();
    }

    /** Training accuracies, correctly counted and divided by batches × batch size. */
    private List<CountedByBatches> counts() throws IOException {
        List<CountedByBatches> counts = new ArrayList<>();
        for (PublishedRow.Model model : models()) {
            Optional<ClassifierSpec> training = training(model, false);
            if (training.isPresent()) {
                Map<String, double[]> metrics = Metrics.ofRun(workplace.runs().folder(training.get()));
                double[] accuracy = metrics.get("train_accuracy");
                double[] steps = metrics.get("step");
                int batchSize = training.get().fitting().batchSize();
                int batches = (int) (steps[0]);
                int images = trainedImages();
                counts.add(
                        new CountedByBatches(model.label(), images, batches, batchSize, accuracy[accuracy.length - 1]));
            }
        }
        return counts;
    }

    private int trainedImages() throws IOException {
        int all = settings.trainingImages() > 0
                ? settings.trainingImages()
                : Datasets.load(settings.data(), Split.TRAIN, workplace.dataDir())
                        .size();
        return all - settings.validation();
    }

    /**
     * The accuracy of a training in its last epoch.
     *
     * @param images in an epoch
     * @param accuracy of these
     */
    record CountedByBatches(String model, int images, int batches, int batchSize, double accuracy) {
        /** The accuracy where the correctly classified images are divided by batches × batch size. */
        double asCounted() {
            return accuracy * images / ((double) batches * batchSize);
        }
    }

    /** Adversarial examples of a few images that the pre-trained model, not trained further, classifies correctly. */
    private List<HtmlPage.Item> gallery(Images images) throws IOException {
        PublishedRow.Model model = models().stream()
                .filter(one -> one.pretrained() && !one.defended())
                .findFirst()
                .orElseThrow();
        boolean[] correct = measured(model, images).asRun().correct(CLEAN);
        ImageSet quarter = images.quarter(model);
        int[] shown = IntStream.range(0, correct.length)
                .filter(i -> correct[i])
                .limit(SHOWN)
                .toArray();
        if (shown.length == 0) {
            return List.of(); // the model classifies none correctly
        }
        List<Measurement> columns = List.of(
                new Measurement.Clean("clean"),
                new Measurement.ClampAlone(CLAMP_ALONE),
                asRun(AS_RUN, evaluationDefects()),
                new Measurement.AsMeant(AS_MEANT, settings.attackAsMeant()));
        try (MeasuredClassifier classifier =
                MeasuredClassifier.read(weights(model, false), Device.parse(settings.device()))) {
            return AttackedStrips.of(classifier, quarter.subset(shown), columns, settings.seed());
        }
    }
}
