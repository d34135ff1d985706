package varepsilon.robust.evaluate;

import java.util.Arrays;
import varepsilon.robust.attack.MinimumAttack;
import varepsilon.stats.Accuracy;

/**
 * The result of one minimum-norm attack, by example in the order of the images.
 *
 * <p>Its optimality is that of Cinà et al. 2025, "AttackBench: Evaluating Gradient-based Attacks for Adversarial
 * Examples": with ρ(ε) the robust accuracy by this attack, ρ*(ε) that by the best of all attacks for each image, and ε₀
 * the largest size that is the best of an image,
 *
 * <pre>(ε₀·ρ(0) − ∫ρ(ε)dε) / (ε₀·ρ(0) − ∫ρ*(ε)dε), both integrals from 0 to ε₀.</pre>
 *
 * <p>1 is the lower envelope of all curves, and 0 an attack that finds nothing. Where the best sizes are all the same,
 * both differences are zero: 1 then stands for an attack that found them all, and 0 for any other. It is 0 also where
 * no attack found anything.
 *
 * @param attack the attack
 * @param sizes of the smallest perturbations that it found, in the report's norm and pixel units: 0 for an image that
 *     is misclassified already, infinite where it found nothing
 * @param median size of the correctly classified images; NaN where there is none
 * @param optimality how near its curve of robust accuracy over ε is to the lower envelope of all attacks, from 0 to 1
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
