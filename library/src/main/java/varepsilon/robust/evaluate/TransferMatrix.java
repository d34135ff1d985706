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
 * Adversarial examples made on one model, shown to another. Counted are the images that both models classify correctly
 * without an attack, whether or not it broke the model it was made on; of these, how many the other model misclassifies. On the
 * diagonal stands the attack on the model itself.
 *
 * @param names of the models, in the order of rows and columns
 * @param cells by the model attacked (row), then by the model that judges (column)
 */
public record TransferMatrix(List<String> names, List<List<Cell>> cells) {
    /** Freezes the lists. */
    public TransferMatrix {
        names = List.copyOf(names);
        cells = cells.stream().map(List::copyOf).toList();
    }

    /**
     * Adversarial examples of one model before another.
     *
     * @param bothCorrect images that both models classify correctly without an attack
     * @param fooled how many of these the judging model misclassifies after the attack
     */
    public record Cell(int bothCorrect, int fooled) {
        /** The share that is fooled; empty where both classify no image correctly. */
        public Optional<Double> rate() {
            return bothCorrect == 0 ? Optional.empty() : Optional.of((double) fooled / bothCorrect);
        }

        /** 95 % interval of the share; empty where both classify no image correctly. */
        public Optional<Interval> interval() {
            return bothCorrect == 0 ? Optional.empty() : Optional.of(Interval.ofShare(fooled, bothCorrect));
        }
    }

    /** From the model attacked, then to the model that judges. */
    public Cell cell(int attacked, int judge) {
        return cells.get(attacked).get(judge);
    }

    /**
     * Attacks every model and lets all judge.
     *
     * @param models by name, in the order of rows and columns
     * @param evaluation with exactly one trial
     * @param watch told of the images done over all models
     * @return empty where a stop was requested before the end
     */
    public static Optional<TransferMatrix> of(
            Map<String, Classifier> models, RobustEvaluation evaluation, ImageSet images, Watch watch) {
        if (evaluation.trials().size() != 1) {
            throw new IllegalArgumentException(
                    evaluation.trials().size() + " trials: a transfer matrix is of one attack");
        }
        List<Classifier> judges = List.copyOf(models.values());
        List<boolean[]> clean = new ArrayList<>();
        List<List<boolean[]>> perturbed = new ArrayList<>();
        long work = evaluation.work(images);
        for (Classifier attacked : judges) {
            long before = work * clean.size();
            List<List<Predictions>> said = new ArrayList<>();
            judges.forEach(judge -> said.add(new ArrayList<>()));
            RobustnessReport report = evaluation.of(
                    attacked,
                    images,
                    batch -> {
                        for (int j = 0; j < judges.size(); j++) {
                            said.get(j)
                                    .add(Predictions.of(
                                            judges.get(j), batch.result().adversarial()));
                        }
                    },
                    watch.part(before, work * judges.size()));
            if (!report.complete()) {
                return Optional.empty();
            }
            clean.add(report.correct());
            perturbed.add(said.stream()
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
                int fooled = 0;
                for (int image = 0; image < clean.get(i).length; image++) {
                    boolean both = clean.get(i)[image] && clean.get(j)[image];
                    bothCorrect += both ? 1 : 0;
                    fooled += both && !perturbed.get(i).get(j)[image] ? 1 : 0;
                }
                row.add(new Cell(bothCorrect, fooled));
            }
            cells.add(row);
        }
        return cells;
    }
}
