package varepsilon.robust.evaluate;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Criterion;
import varepsilon.robust.attack.GradientAttack;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.stats.Interval;
import varepsilon.stats.Percent;

/**
 * Checks whether more steps, another start or another loss find adversarial examples among images that an attack left
 * correctly classified; then its robust accuracy is an overestimate. Runs on a part of the images, at about a quarter of the
 * cost of the attack, in L1 half of it.
 */
final class LongerSearch {
    private static final String NAME = "still-improving";
    private static final int LEAST_STEPS = 10;
    private static final int LEAST_IMAGES = 20;
    private static final int MOST_IMAGES = 100;

    private LongerSearch() {}

    /**
     * Continues a gradient attack of many steps that is not targeted; other attacks are not checked.
     *
     * @param images the images of the report
     * @param evaluation that gave the report
     * @param watch ends it where a stop is requested
     * @return tripped where an image was misclassified; empty where the attack is not checked
     */
    static Optional<Check> of(
            Classifier classifier, ImageSet images, TrialReport report, RobustEvaluation evaluation, Watch watch) {
        Trial trial = report.trial();
        if (trial.criterion() instanceof Criterion.Targeted
                || !(trial.attack() instanceof GradientAttack attack)
                || attack.steps() == 1) {
            return Optional.empty();
        }
        int steps = 2 * Math.max(LEAST_STEPS, attack.steps());
        int[] survivors = IntStream.range(0, report.robust().length)
                .filter(i -> report.robust()[i])
                .limit(affordable(report, steps))
                .toArray();
        if (survivors.length == 0) {
            return Optional.of(Check.passed(NAME, trial.label() + " leaves no image correctly classified"));
        }
        List<Trial> longer = losses(attack.loss()).stream()
                .map(loss -> new Trial(
                        longer(trial.threat(), steps).withLoss(loss),
                        trial.threat(),
                        trial.criterion(),
                        trial.classes()))
                .toList();
        RobustnessReport found = new RobustEvaluation(
                        longer, evaluation.batchSize(), evaluation.seed(), evaluation.device())
                .of(classifier, images.subset(survivors), watch);
        if (!found.complete()) {
            throw new StoppedException();
        }
        boolean[] still = found.worstCase();
        int broken =
                (int) IntStream.range(0, still.length).filter(i -> !still[i]).count();
        return Optional.of(check(trial, steps, broken, still.length));
    }

    /** In L1 also with the steps of a second restart, which change fewer values. */
    private static Pgd longer(ThreatModel threat, int steps) {
        return Pgd.ofSteps(steps).withRestarts(threat.norm() == Norm.L1 ? 2 : 1);
    }

    private static Check check(Trial trial, int steps, int broken, int tried) {
        Interval share = Interval.ofShare(broken, tried);
        String saw = String.format(
                Locale.ROOT,
                "of %d images that %s left correctly classified, %d steps of falling length from another start, with its"
                        + " loss or the margin loss, break %d",
                tried,
                trial.label(),
                steps,
                broken);
        return broken == 0
                ? Check.passed(NAME, saw)
                : new Check(
                        NAME,
                        true,
                        saw + " (" + Percent.of(share.value()) + ", 95 % interval " + Percent.range(share)
                                + "): robust accuracy is lower by about that share of itself",
                        "Use more steps, more restarts or another loss.");
    }

    /**
     * So many that both losses together cost a quarter of the attack, within limits; in L1, with its second restart,
     * half of it.
     */
    private static long affordable(TrialReport report, int steps) {
        long passes = report.backwardPasses() / 4;
        return Math.max(LEAST_IMAGES, Math.min(MOST_IMAGES, passes / (2L * steps)));
    }

    private static List<AttackLoss> losses(AttackLoss own) {
        return own == AttackLoss.MARGIN
                ? List.of(AttackLoss.EXACT_CROSS_ENTROPY, AttackLoss.MARGIN)
                : List.of(own, AttackLoss.MARGIN);
    }
}
