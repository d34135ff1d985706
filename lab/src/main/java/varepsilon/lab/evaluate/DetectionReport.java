package varepsilon.lab.evaluate;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.generative.Vae;
import varepsilon.robust.attack.Knowledge;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.Trial;
import varepsilon.robust.vae.VaeScores;
import varepsilon.stats.Interval;
import varepsilon.stats.Roc;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * How well the scores of a VAE tell adversarial examples from the images that they were made from.
 *
 * @param n images
 * @param attacks a row for each attack
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record DetectionReport(int n, List<Row> attacks) {
    private static final double FALSE_POSITIVES = 0.05;

    /**
     * One attack. Positives are the adversarial examples that are misclassified, of correctly classified images;
     * negatives are those images. An attack of noise misleads few, so its positives are all images.
     *
     * @param attack name and ε
     * @param examples positives, and as many negatives
     * @param bits detection by −ELBO
     * @param distance detection by the distance of image and reconstruction; null for a VAE whose pixels depend on each
     *     other
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Row(String attack, int examples, Score bits, Score distance) {}

    /**
     * Detection by one score.
     *
     * @param auc area under the ROC curve: 0.5 is chance
     * @param aucCi95 its interval
     * @param detectedAt5Percent share of the positives above the threshold that 5 % of the negatives exceed
     * @param detectedCi95 its interval
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Score(double auc, List<Double> aucCi95, double detectedAt5Percent, List<Double> detectedCi95) {
        static Score of(double[] negatives, double[] positives) {
            if (negatives.length == 0) {
                return null;
            }
            Roc roc = new Roc(negatives, positives);
            Interval area = roc.area();
            Interval detected = roc.truePositives(FALSE_POSITIVES);
            return new Score(area.value(), area.bounds(), detected.value(), detected.bounds());
        }
    }

    /**
     * Attacks a classifier, and scores images and adversarial examples.
     *
     * @param evaluation the attacks, without those of several stages
     * @throws InputException where an attack misleads the classifier on fewer than two images
     */
    public static DetectionReport of(
            Vae vae, Classifier classifier, ImageSet images, RobustEvaluation evaluation, Watch watch) {
        List<Trial> trials = evaluation.trials();
        List<List<float[]>> before = new ArrayList<>();
        List<List<float[]>> after = new ArrayList<>();
        trials.forEach(trial -> {
            before.add(new ArrayList<>());
            after.add(new ArrayList<>());
        });
        int size = images.dimensions();
        evaluation.of(
                classifier,
                images,
                batch -> {
                    boolean noise = trials.get(batch.trial()).attack().knowledge() == Knowledge.NOTHING;
                    float[] clean = batch.pixels().toFloats();
                    float[] adversarial = batch.result().adversarial().toFloats();
                    for (int i = 0; i < batch.indices().length; i++) {
                        if (noise
                                || (batch.result().correct()[i]
                                        && batch.result().met()[i])) {
                            before.get(batch.trial()).add(copy(clean, i, size));
                            after.get(batch.trial()).add(copy(adversarial, i, size));
                        }
                    }
                },
                watch.throwing());
        List<Row> rows = new ArrayList<>();
        for (int t = 0; t < trials.size(); t++) {
            if (before.get(t).size() < 2) {
                throw new InputException(trials.get(t).label() + ": misleads the classifier on "
                        + before.get(t).size() + " of " + images.size()
                        + " images; expected at least 2 to be detected: give more images or a larger ε");
            }
            VaeScores negatives = scores(vae, before.get(t), images, evaluation.seed());
            VaeScores positives = scores(vae, after.get(t), images, evaluation.seed());
            rows.add(new Row(
                    trials.get(t).label(),
                    before.get(t).size(),
                    Score.of(negatives.bits(), positives.bits()),
                    Score.of(negatives.distances(), positives.distances())));
        }
        return new DetectionReport(images.size(), rows);
    }

    private static float[] copy(float[] all, int i, int size) {
        return Arrays.copyOfRange(all, i * size, (i + 1) * size);
    }

    private static VaeScores scores(Vae vae, List<float[]> images, ImageSet like, long seed) {
        int size = like.dimensions();
        float[] all = new float[images.size() * size];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(images.get(i), 0, all, i * size, size);
        }
        try (var scope = Scope.withoutGradients()) {
            Tensor pixels = Tensor.of(all, images.size(), like.channels(), like.height(), like.width());
            return VaeScores.of(vae, pixels, seed);
        }
    }
}
