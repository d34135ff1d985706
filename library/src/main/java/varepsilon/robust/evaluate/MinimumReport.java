package varepsilon.robust.evaluate;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import varepsilon.robust.attack.MinimumAttack;
import varepsilon.robust.attack.Norm;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Quantiles;

/**
 * The sizes of the smallest perturbations that change what a classifier predicts, as far as attacks found them: upper
 * bounds of the distances to its decision boundary.
 *
 * @param norm of the sizes
 * @param correct whether an image is correctly classified without a perturbation, by example in the order of the
 *     images; its length is how many were evaluated
 * @param sizes the smallest of all attacks, in the norm and pixel units: 0 for an image that is misclassified already,
 *     infinite for one for which no attack found anything
 * @param attacks the results of each attack, in the order given
 * @param complete false where a stop was requested before all images were done; everything here is of those that were
 * @param notes caveats on these numbers, a sentence each
 */
public record MinimumReport(
        Norm norm,
        boolean[] correct,
        double[] sizes,
        List<MinimumAttackReport> attacks,
        boolean complete,
        List<String> notes) {
    /** The shares of images for which {@link #quantiles} gives sizes. */
    private static final double[] SHARES = {0.1, 0.25, 0.5, 0.75, 0.9};

    /** Copies the lists. */
    public MinimumReport {
        attacks = List.copyOf(attacks);
        notes = List.copyOf(notes);
    }

    /**
     * What was measured of one attack.
     *
     * @param sizes by example, as {@link MinimumReport#sizes}
     */
    record Measured(MinimumAttack attack, double[] sizes, long forwardPasses, long backwardPasses, double seconds) {}

    /**
     * A size that a share of the correctly classified images does not exceed.
     *
     * @param share in [0, 1]
     * @param size in the norm and pixel units; infinite where nothing was found for too many
     */
    public record Quantile(double share, double size) {}

    static MinimumReport of(
            Norm norm, boolean[] correct, List<Measured> measured, boolean complete, List<String> notes) {
        double[] best = new double[correct.length];
        Arrays.setAll(
                best,
                i -> measured.stream().mapToDouble(one -> one.sizes[i]).min().orElseThrow());
        return new MinimumReport(
                norm,
                correct,
                best,
                measured.stream()
                        .map(one -> new MinimumAttackReport(
                                one.attack,
                                one.sizes,
                                quantile(one.sizes, correct, 0.5),
                                optimality(one.sizes, best),
                                one.forwardPasses,
                                one.backwardPasses,
                                one.seconds))
                        .toList(),
                complete,
                notes);
    }

    /** How many images were evaluated. */
    public int n() {
        return correct.length;
    }

    /** Clean accuracy: without an attack. */
    public Accuracy clean() {
        return Accuracy.of(correct);
    }

    /**
     * Robust accuracy at an ε, with its Wilson interval in {@link Accuracy#interval}: the images for which no attack
     * found a perturbation of at most that size.
     *
     * @param epsilon in the norm and pixel units
     */
    public Accuracy accuracyAt(double epsilon) {
        int robust = (int) Arrays.stream(sizes).filter(size -> size > epsilon).count();
        return new Accuracy(robust, sizes.length);
    }

    /** The median size of the correctly classified images; NaN where there is none. */
    public double median() {
        return quantile(sizes, correct, 0.5);
    }

    /** Sizes at 10, 25, 50, 75 and 90 % of the correctly classified images. */
    public List<Quantile> quantiles() {
        return Arrays.stream(SHARES)
                .mapToObj(share -> new Quantile(share, quantile(sizes, correct, share)))
                .toList();
    }

    private static double quantile(double[] sizes, boolean[] correct, double share) {
        double[] counted = IntStream.range(0, sizes.length)
                .filter(i -> correct[i])
                .mapToDouble(i -> sizes[i])
                .toArray();
        return counted.length == 0 ? Double.NaN : new Quantiles(counted).at(share);
    }

    /**
     * The optimality that {@link MinimumAttackReport} defines. As ρ(ε) is the share of sizes above ε, ∫ρ(ε)dε is the
     * mean of min(size, ε₀), and the integrals are exact.
     *
     * @param sizes of the attack
     * @param best of all, at most as large
     */
    static double optimality(double[] sizes, double[] best) {
        double end = Arrays.stream(best).filter(Double::isFinite).max().orElse(0);
        if (end == 0) {
            return 0;
        }
        double reached = 0;
        double possible = 0;
        for (int i = 0; i < best.length; i++) {
            if (best[i] > 0) {
                reached += end - Math.min(sizes[i], end);
                possible += end - Math.min(best[i], end);
            }
        }
        return possible > 0 ? reached / possible : Arrays.equals(sizes, best) ? 1 : 0;
    }
}
