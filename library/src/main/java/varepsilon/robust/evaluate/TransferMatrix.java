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
 * Adversarial examples made on one model, shown to another. Counted are the images that both models get right as they
 * are, whether or not the attack broke the model it was made on; of these, how many the other model gets wrong. On the
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
     * @param bothCorrect images that both models get right as they are
     * @param fooled how many of these the judging model gets wrong after the attack
     */
    public record Cell(int bothCorrect, int fooled) {
        /** The share that is fooled; empty where no image is right for both. */
        public Optional<Double> rate() {
            return bothCorrect == 0 ? Optional.empty() : Optional.of((double) fooled / bothCorrect);
        }

        /** 95 % interval of the share; empty where no image is right for both. */
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
        List<boolean[]> right = new ArrayList<>();
        List<boolean[][]> rightAfter = new ArrayList<>();
        long work = evaluation.work(images);
        for (Classifier attacked : judges) {
            long before = work * right.size();
            boolean[][] verdicts = new boolean[judges.size()][images.size()];
            RobustnessReport report = evaluation.of(
                    attacked,
                    images,
                    batch -> {
                        for (int j = 0; j < verdicts.length; j++) {
                            judge(judges.get(j), batch, verdicts[j]);
                        }
                    },
                    watch.part(before, work * judges.size()));
            if (!report.complete()) {
                return Optional.empty();
            }
            right.add(report.right());
            rightAfter.add(verdicts);
        }
        return Optional.of(new TransferMatrix(List.copyOf(models.keySet()), count(right, rightAfter)));
    }

    private static void judge(Classifier judge, AttackedBatch batch, boolean[] verdicts) {
        int[] predictions = Predictions.of(judge, batch.result().adversarial());
        long[] labels = batch.labels().toLongs();
        for (int i = 0; i < labels.length; i++) {
            verdicts[batch.indices()[i]] = predictions[i] == labels[i];
        }
    }

    private static List<List<Cell>> count(List<boolean[]> right, List<boolean[][]> rightAfter) {
        List<List<Cell>> cells = new ArrayList<>();
        for (int i = 0; i < right.size(); i++) {
            List<Cell> row = new ArrayList<>();
            for (int j = 0; j < right.size(); j++) {
                int bothCorrect = 0;
                int fooled = 0;
                for (int image = 0; image < right.get(i).length; image++) {
                    boolean both = right.get(i)[image] && right.get(j)[image];
                    bothCorrect += both ? 1 : 0;
                    fooled += both && !rightAfter.get(i)[j][image] ? 1 : 0;
                }
                row.add(new Cell(bothCorrect, fooled));
            }
            cells.add(row);
        }
        return cells;
    }
}
