package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.Predictions;
import varepsilon.data.ImageSet;
import varepsilon.stats.Interval;

/**
 * Transfer of adversarial examples between models: made on a source model, classified by a target model. Counted are
 * the images that both models classify correctly without an attack, whether or not the source model misclassifies the
 * perturbed image; of these, how many the target model misclassifies. On the diagonal source and target are the same
 * model.
 *
 * @param names of the models, in the order of rows and columns
 * @param cells by source model (row), then by target model (column)
 */
public record TransferMatrix(List<String> names, List<List<Cell>> cells) {
    /** Copies the lists. */
    public TransferMatrix {
        names = List.copyOf(names);
        cells = cells.stream().map(List::copyOf).toList();
    }

    /**
     * Adversarial examples of one source model on one target model.
     *
     * @param bothCorrect images that both models classify correctly without an attack
     * @param misclassified how many of these the target model misclassifies after the attack
     */
    public record Cell(int bothCorrect, int misclassified) {
        /** The share that is misclassified after the attack; empty where both classify no image correctly. */
        public Optional<Double> rate() {
            return bothCorrect == 0 ? Optional.empty() : Optional.of((double) misclassified / bothCorrect);
        }

        /** 95 % interval of the share; empty where both classify no image correctly. */
        public Optional<Interval> interval() {
            return bothCorrect == 0 ? Optional.empty() : Optional.of(Interval.ofShare(misclassified, bothCorrect));
        }
    }

    /** The cell of a source and a target model. */
    public Cell cell(int source, int target) {
        return cells.get(source).get(target);
    }

    /**
     * Whether another model's adversarial examples break a model more often than its own do. Then its own gradient, or
     * what its attack follows, carries little information.
     *
     * @param target which model
     * @return one check, passed or tripped, for every other model with which it shares images
     */
    public List<Check> checks(int target) {
        List<Check> checks = new ArrayList<>();
        for (int source = 0; source < names.size(); source++) {
            Optional<Interval> own = cell(target, target).interval();
            Optional<Interval> other = cell(source, target).interval();
            if (source != target && own.isPresent() && other.isPresent()) {
                String saw = "adversarial examples of " + names.get(source) + " break "
                        + cell(source, target).misclassified() + " of "
                        + cell(source, target).bothCorrect()
                        + " images, its own " + cell(target, target).misclassified() + " of "
                        + cell(target, target).bothCorrect();
                checks.add(FailureChecks.gradientFree(
                        saw, other.get().low() > own.get().high()));
            }
        }
        return checks;
    }

    /**
     * Attacks every model and classifies its adversarial examples with all models.
     *
     * @param models by name, in the order of rows and columns
     * @param evaluation with exactly one trial
     * @param watch receives the number of images done over all models
     * @return empty where a stop was requested before the end
     */
    public static Optional<TransferMatrix> of(
            Map<String, Classifier> models, RobustEvaluation evaluation, ImageSet images, Watch watch) {
        if (evaluation.trials().size() != 1) {
            throw new IllegalArgumentException(evaluation.trials().size() + " trials: a transfer matrix takes one");
        }
        List<Classifier> classifiers = List.copyOf(models.values());
        List<boolean[]> clean = new ArrayList<>();
        List<List<boolean[]>> perturbed = new ArrayList<>();
        long work = evaluation.work(images);
        for (Classifier source : classifiers) {
            long before = work * clean.size();
            List<List<Predictions>> predictions = new ArrayList<>();
            classifiers.forEach(target -> predictions.add(new ArrayList<>()));
            RobustnessReport report = evaluation.of(
                    source,
                    images,
                    batch -> {
                        for (int j = 0; j < classifiers.size(); j++) {
                            predictions
                                    .get(j)
                                    .add(Predictions.of(
                                            classifiers.get(j), batch.result().adversarial()));
                        }
                    },
                    watch.part(before, work * classifiers.size()));
            if (!report.complete()) {
                return Optional.empty();
            }
            clean.add(report.correct());
            perturbed.add(predictions.stream()
                    .map(parts -> Predictions.joined(parts).correct(images.labels()))
                    .toList());
        }
        return Optional.of(new TransferMatrix(List.copyOf(models.keySet()), count(clean, perturbed)));
    }

    private static List<List<Cell>> count(List<boolean[]> clean, List<List<boolean[]>> perturbed) {
        List<List<Cell>> cells = new ArrayList<>();
        for (int i = 0; i < clean.size(); i++) {
            List<Cell> row = new ArrayList<>();
            for (int j = 0; j < clean.size(); j++) {
                int bothCorrect = 0;
                int misclassified = 0;
                for (int image = 0; image < clean.get(i).length; image++) {
                    boolean both = clean.get(i)[image] && clean.get(j)[image];
                    bothCorrect += both ? 1 : 0;
                    misclassified += both && !perturbed.get(i).get(j)[image] ? 1 : 0;
                }
                row.add(new Cell(bothCorrect, misclassified));
            }
            cells.add(row);
        }
        return cells;
    }
}
