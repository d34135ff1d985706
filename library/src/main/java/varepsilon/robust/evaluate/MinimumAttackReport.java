package varepsilon.robust.evaluate;

import java.util.Arrays;
import varepsilon.robust.attack.MinimumAttack;
import varepsilon.stats.Accuracy;

/**
 * The result of one minimum-norm attack, by example in the order of the images.
 *
 * @param attack the attack
 * @param sizes of the smallest perturbations that it found, in the report's norm and pixel units: 0 for an image that
 *     is misclassified already, infinite where it found nothing
 * @param median size of the correctly classified images; NaN where there is none
 * @param optimality how near its curve of robust accuracy over ε is to the lower envelope of all attacks, from 0 to 1:
 *     {@link MinimumReport}
 * @param forwardPasses images sent through the classifier, each counted every time, checks before and after included
 * @param backwardPasses images for which a gradient was computed
 * @param seconds wall-clock time
 */
public record MinimumAttackReport(
        MinimumAttack attack,
        double[] sizes,
        double median,
        double optimality,
        long forwardPasses,
        long backwardPasses,
        double seconds) {
    /** The attack's name. */
    public String name() {
        return attack.name();
    }

    /** Robust accuracy at an ε by this attack alone. */
    public Accuracy accuracyAt(double epsilon) {
        return new Accuracy(
                (int) Arrays.stream(sizes).filter(size -> size > epsilon).count(), sizes.length);
    }
}
