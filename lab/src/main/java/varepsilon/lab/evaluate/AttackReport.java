package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.util.List;
import varepsilon.robust.evaluate.Check;
import varepsilon.robust.evaluate.Reprediction;
import varepsilon.robust.evaluate.TransferMatrix;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Interval;

/**
 * The results of attacks on a classifier. The top level is the worst case over the attacks for each image.
 *
 * @param weights where the classifier comes from
 * @param images which images
 * @param goal the goal of the attacks
 * @param n images
 * @param cleanCorrect correctly classified without an attack
 * @param cleanAccuracy their share
 * @param cleanCi95 Wilson 95 % interval of it
 * @param robustCorrect correctly classified without an attack and after every one
 * @param robustAccuracy the share of these
 * @param robustCi95 Wilson 95 % interval of it
 * @param maxPerturbation the largest of all attacks, each in its norm
 * @param forwardPasses of all attacks
 * @param backwardPasses of all attacks
 * @param seconds of all attacks
 * @param complete false where a stop was requested before all was done; then n counts the images that were
 * @param attacks each for itself
 * @param notes caveats on these numbers, a sentence each
 * @param checks what was examined because it makes such numbers wrong
 * @param comparison with another classifier, null where there is none
 * @param transfer between classifiers, null where there are no others
 * @param saved adversarial examples in files, null where none were saved
 * @param certified of each threat model, how many images are certified, broken and open; null where none were to be certified
 * @param unwritten why pictures or examples could not be written; null where they were, or none were wanted
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record AttackReport(
        String weights,
        String images,
        String goal,
        int n,
        int cleanCorrect,
        double cleanAccuracy,
        List<Double> cleanCi95,
        int robustCorrect,
        double robustAccuracy,
        List<Double> robustCi95,
        double maxPerturbation,
        long forwardPasses,
        long backwardPasses,
        double seconds,
        boolean complete,
        List<AttackOutcome> attacks,
        List<String> notes,
        List<Check> checks,
        Comparison comparison,
        Transfer transfer,
        List<Saved> saved,
        List<CertificationReport.Summary> certified,
        @JsonIgnore IOException unwritten) {
    /** Clean accuracy, as counts. */
    public Accuracy clean() {
        return new Accuracy(cleanCorrect, n);
    }

    /** Robust accuracy, as counts. */
    public Accuracy robust() {
        return new Accuracy(robustCorrect, n);
    }

    /**
     * Two classifiers under the same attacks.
     *
     * @param clean without an attack
     * @param robust the worst case over the attacks for each image and classifier
     * @param attacks the results of each attack on the other classifier
     * @param checks of them
     */
    public record Comparison(
            ModelComparison clean, ModelComparison robust, List<AttackOutcome> attacks, List<Check> checks) {}

    /**
     * Transfer of adversarial examples between classifiers.
     *
     * @param models the classifiers, in the order of rows and columns
     * @param cells by source model (row) and target model (column)
     */
    public record Transfer(List<String> models, List<List<TransferCell>> cells) {
        static Transfer of(TransferMatrix matrix) {
            return new Transfer(
                    matrix.names(),
                    matrix.cells().stream()
                            .map(row -> row.stream().map(TransferCell::of).toList())
                            .toList());
        }
    }

    /**
     * Adversarial examples of one source model on one target model.
     *
     * @param bothCorrect images that both classify correctly before the attack
     * @param misclassified how many of these the target model misclassifies after the attack
     * @param rate share, null where there are no such images
     * @param ci95 Wilson 95 % interval of it, null likewise
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record TransferCell(
            @JsonProperty("both_right") int bothCorrect,
            @JsonProperty("fooled") int misclassified,
            Double rate,
            List<Double> ci95) {
        static TransferCell of(TransferMatrix.Cell cell) {
            return new TransferCell(
                    cell.bothCorrect(),
                    cell.misclassified(),
                    cell.rate().orElse(null),
                    cell.interval().map(Interval::bounds).orElse(null));
        }
    }

    /**
     * The adversarial examples of one attack, saved and predicted again from the files.
     *
     * @param name of the attack
     * @param eps ε, in pixel units
     * @param folder where they lie
     * @param adversarial images correctly classified before the attack and misclassified after it
     * @param floats from the file of floats
     * @param bytes from the PNG pairs, rounded to 256 levels
     */
    public record Saved(String name, double eps, String folder, int adversarial, Again floats, Again bytes) {}

    /**
     * Predictions on saved examples.
     *
     * @param robustCorrect correctly classified before and after
     * @param stillAdversarial of the adversarial examples, how many are still misclassified
     * @param differing predicted otherwise than when they were made
     * @param maxPerturbation the largest, in the attack's norm
     * @param withinThreatModel whether that is at most ε, for bytes and half a level for every pixel
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Again(
            int robustCorrect, int stillAdversarial, int differing, double maxPerturbation, boolean withinThreatModel) {
        static Again of(Reprediction reprediction) {
            return new Again(
                    reprediction.robust().correct(),
                    reprediction.stillAdversarial(),
                    reprediction.differing(),
                    reprediction.maxPerturbation(),
                    reprediction.isWithinThreatModel());
        }
    }
}
