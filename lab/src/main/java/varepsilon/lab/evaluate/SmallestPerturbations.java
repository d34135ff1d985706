package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import varepsilon.base.Family;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.CarliniWagner;
import varepsilon.robust.attack.Knowledge;
import varepsilon.robust.attack.MinimumAttack;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.evaluate.MinimumAttackReport;
import varepsilon.robust.evaluate.MinimumEvaluation;
import varepsilon.robust.evaluate.MinimumReport;
import varepsilon.stats.Accuracy;

/**
 * The smallest perturbations that were found, and so the robust accuracy at every ε at once.
 *
 * @param weights where the classifier comes from
 * @param images which images
 * @param n images
 * @param cleanCorrect correctly classified without a perturbation
 * @param cleanAccuracy their share
 * @param cleanCi95 Wilson 95 % interval of it
 * @param complete false where a stop was requested before all was done; then n counts the images that were
 * @param minimum the sizes
 * @param accuracies robust accuracy at some ε
 * @param notes caveats on these numbers, a sentence each
 * @param report what this was made of
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record SmallestPerturbations(
        String weights,
        String images,
        int n,
        int cleanCorrect,
        double cleanAccuracy,
        List<Double> cleanCi95,
        boolean complete,
        Minimum minimum,
        List<AtEpsilon> accuracies,
        List<String> notes,
        @JsonIgnore MinimumReport report) {
    /**
     * Sizes of the smallest perturbations of the correctly classified images.
     *
     * @param norm in which they are measured
     * @param median over images, of the smallest of all attacks; null where nothing was found for half of the images
     * @param quantiles at other shares of the images, null likewise
     * @param attacks each alone
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Minimum(String norm, Double median, List<Quantile> quantiles, List<OfAttack> attacks) {}

    /**
     * A size that a share of the images does not exceed.
     *
     * @param share of the images
     * @param size in the norm and pixel units, null where nothing was found for so many
     */
    public record Quantile(double share, Double size) {}

    /**
     * What one attack found.
     *
     * @param name of the attack
     * @param median size, null where it found nothing for half of the images
     * @param optimality from 0 to 1: how close its robust accuracy over ε is to the lowest of all attacks
     * @param notFound correctly classified images for which it found nothing
     * @param forwardPasses images sent through the classifier
     * @param backwardPasses images for which a gradient was computed
     * @param seconds time
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record OfAttack(
            String name,
            Double median,
            double optimality,
            int notFound,
            long forwardPasses,
            long backwardPasses,
            double seconds) {}

    /**
     * Robust accuracy: of the images without a perturbation of at most that size.
     *
     * @param eps ε, in pixel units
     * @param robustCorrect how many
     * @param robustAccuracy their share
     * @param robustCi95 Wilson 95 % interval of it
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record AtEpsilon(double eps, int robustCorrect, double robustAccuracy, List<Double> robustCi95) {}

    /** The attacks that are used where none are named: all by gradients that have the norm, but for the slowest. */
    public static List<MinimumAttack> usualAttacks(Norm norm) {
        return Family.of(Attack.class).members().stream()
                .map(Family.Member::usual)
                .filter(attack -> attack instanceof MinimumAttack && attack.knowledge() == Knowledge.GRADIENTS)
                .filter(attack -> attack.norms().contains(norm) && !(attack instanceof CarliniWagner))
                .map(MinimumAttack.class::cast)
                .toList();
    }

    /**
     * Measures a classifier.
     *
     * @param epsilons at which robust accuracy is stated
     * @throws StoppedException where a stop is requested before any image is done
     */
    public static SmallestPerturbations of(
            ClassifierFile model, ImageSet images, MinimumEvaluation evaluation, List<Double> epsilons, Watch watch) {
        ClassifierReport.requireLabels(images);
        model.requireFits(images);
        MinimumReport report = evaluation.of(model.classifier(), images, watch);
        if (report.n() == 0) {
            throw new StoppedException();
        }
        Set<String> notes = new LinkedHashSet<>();
        if (!report.complete()) {
            notes.add("stopped after " + report.n() + " of " + images.size() + " images: the numbers are of these.");
        }
        notes.addAll(model.notesOn(images));
        notes.addAll(report.notes());
        Accuracy clean = report.clean();
        return new SmallestPerturbations(
                model.path().toString(),
                images.name(),
                clean.n(),
                clean.correct(),
                clean.rate(),
                clean.interval().bounds(),
                report.complete(),
                new Minimum(
                        report.norm().label(),
                        finite(report.median()),
                        report.quantiles().stream()
                                .map(quantile -> new Quantile(quantile.share(), finite(quantile.size())))
                                .toList(),
                        report.attacks().stream()
                                .map(attack -> of(attack, report.correct()))
                                .toList()),
                epsilons.stream().map(eps -> at(eps, report.accuracyAt(eps))).toList(),
                List.copyOf(notes),
                report);
    }

    private static OfAttack of(MinimumAttackReport attack, boolean[] correct) {
        int notFound = (int) IntStream.range(0, correct.length)
                .filter(i -> correct[i] && Double.isInfinite(attack.sizes()[i]))
                .count();
        return new OfAttack(
                Family.of(Attack.class).text(attack.attack()),
                finite(attack.median()),
                attack.optimality(),
                notFound,
                attack.forwardPasses(),
                attack.backwardPasses(),
                attack.seconds());
    }

    private static AtEpsilon at(double eps, Accuracy robust) {
        return new AtEpsilon(
                eps, robust.correct(), robust.rate(), robust.interval().bounds());
    }

    private static Double finite(double size) {
        return Double.isFinite(size) ? size : null;
    }

    /** Draws {@link AttackPage}'s curves into a file. */
    public void writeCurves(Path target) throws IOException {
        AttackPage.curves(this).write(target);
    }
}
