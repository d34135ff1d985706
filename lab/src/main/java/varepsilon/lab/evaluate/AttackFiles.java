package varepsilon.lab.evaluate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import varepsilon.base.InputException;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.report.LineChart;
import varepsilon.robust.evaluate.AdversarialCollector;
import varepsilon.robust.evaluate.AdversarialExamples;
import varepsilon.robust.evaluate.AttackedBatch;
import varepsilon.robust.evaluate.EpsilonCurve;
import varepsilon.robust.evaluate.PngPairs;
import varepsilon.robust.evaluate.Reprediction;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.Trial;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Scope;

/**
 * The folder of an attack's files: for each attack a picture of examples, and on request all examples as floats
 * ({@code NAME/examples.safetensors}) and as PNG pairs ({@code NAME/png/}); for several ε the {@code curve.png};
 * {@code report.html} and {@code results.json} with all results.
 *
 * @param folder where they go
 * @param examples whether to save the examples, not only pictures of some
 */
public record AttackFiles(Path folder, boolean examples) {
    static final String CURVE = "curve.png";

    private static final int SHOWN = 8;

    /** @throws InputException where the folder holds something already, so that nothing is lost or mixed up */
    public void requireEmpty() throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new InputException(folder + ": is a file; expected a folder");
        }
        if (Files.isDirectory(folder)) {
            try (var entries = Files.newDirectoryStream(folder)) {
                if (entries.iterator().hasNext()) {
                    throw new InputException(folder + ": is not empty; choose another folder, so that nothing is lost");
                }
            }
        }
    }

    Listeners listeners(AttackSuite experiment, RobustEvaluation evaluation, Classifier classifier, ImageSet images) {
        return new Listeners(experiment, evaluation, classifier, images);
    }

    /** Collects the adversarial examples of an evaluation, and writes them. */
    final class Listeners implements AutoCloseable {
        private final AttackSuite experiment;
        private final Classifier classifier;
        private final List<AttackPictures> pictures = new ArrayList<>();
        private final List<AdversarialCollector> collectors = new ArrayList<>();

        private Listeners(AttackSuite experiment, RobustEvaluation evaluation, Classifier classifier, ImageSet images) {
            this.experiment = experiment;
            this.classifier = classifier;
            for (int i = 0; i < evaluation.trials().size(); i++) {
                Trial trial = evaluation.trials().get(i);
                pictures.add(AttackPictures.first(SHOWN, i, trial, classifier, images.classNames()));
                if (examples) {
                    collectors.add(new AdversarialCollector(evaluation, i));
                }
            }
        }

        List<Consumer<AttackedBatch>> all() {
            List<Consumer<AttackedBatch>> all = new ArrayList<>(pictures);
            all.addAll(collectors);
            return all;
        }

        /**
         * Writes everything, and predicts saved examples again; null where none were to be saved.
         *
         * @param title what was attacked
         */
        List<AttackReport.Saved> write(String title) throws IOException {
            List<AttackReport.Saved> saved = new ArrayList<>();
            for (int i = 0; i < pictures.size(); i++) {
                AttackSpec attack = experiment.attacks().get(i);
                pictures.get(i)
                        .grid()
                        .title(attack.label() + " against " + title)
                        .write(folder.resolve(attack.fileName() + ".png"));
                if (examples) {
                    saved.add(save(attack, collectors.get(i)));
                }
            }
            return examples ? saved : null;
        }

        private AttackReport.Saved save(AttackSpec attack, AdversarialCollector collector) throws IOException {
            Path ofAttack = folder.resolve(attack.fileName());
            Path floats = ofAttack.resolve("examples.safetensors");
            Path pngs = ofAttack.resolve("png");
            try (var scope = Scope.withoutGradients()) {
                AdversarialExamples found = collector.examples(settings(attack));
                found.write(floats);
                new PngPairs(pngs).write(found);
            }
            try (var scope = Scope.withoutGradients()) {
                AdversarialExamples read = AdversarialExamples.read(floats);
                Reprediction fromFloats =
                        Reprediction.ofFloats(classifier, read, experiment.batchSize(), experiment.device());
                Reprediction fromBytes =
                        Reprediction.ofPngs(classifier, read, pngs, experiment.batchSize(), experiment.device());
                return new AttackReport.Saved(
                        attack.name(),
                        attack.eps(),
                        ofAttack.toString(),
                        fromFloats.adversarial(),
                        AttackReport.Again.of(fromFloats),
                        AttackReport.Again.of(fromBytes));
            }
        }

        private Map<String, String> settings(AttackSpec attack) {
            return Map.of(
                    "settings", attack.label(),
                    "goal", experiment.goal().label(),
                    "loss", attack.parameter("loss").map(Object::toString).orElse("none"),
                    "seed", Long.toString(experiment.seed()));
        }

        @Override
        public void close() {
            collectors.forEach(AdversarialCollector::close);
        }
    }

    /** Draws robust accuracy over ε, where an attack was made at several. */
    void writeCurves(AttackSuite.Attacked own, AttackSuite.Attacked other) throws IOException {
        List<EpsilonCurve> curves = EpsilonCurve.of(own.report());
        if (curves.isEmpty()) {
            return;
        }
        LineChart chart = new LineChart("Accuracy under attack, 95 % intervals", "ε, in pixel units", "accuracy");
        if (other == null) {
            curves.forEach(curve -> add(chart, curve, ""));
        } else {
            // Two runs may have the same name in different folders.
            curves.forEach(curve -> add(
                    chart,
                    curve,
                    ", 1: " + AttackPage.shortName(own.model().path().toString())));
            EpsilonCurve.of(other.report())
                    .forEach(curve -> add(
                            chart,
                            curve,
                            ", 2: " + AttackPage.shortName(other.model().path().toString())));
        }
        chart.write(folder.resolve(CURVE));
    }

    private static void add(LineChart chart, EpsilonCurve curve, String model) {
        List<Accuracy> accuracies = new ArrayList<>(List.of(curve.clean()));
        curve.trials().forEach(trial -> accuracies.add(trial.accuracy()));
        double[] epsilons = DoubleStream.concat(
                        DoubleStream.of(0),
                        curve.trials().stream()
                                .mapToDouble(trial -> trial.trial().threat().epsilon()))
                .toArray();
        Trial trial = curve.trials().get(0).trial();
        chart.curve(
                trial.attack().name() + " " + trial.threat().norm().label() + model,
                epsilons,
                accuracies.stream().map(Accuracy::interval).toList());
    }
}
