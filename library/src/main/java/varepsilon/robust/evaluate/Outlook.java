package varepsilon.robust.evaluate;

import java.util.List;
import java.util.Optional;
import org.apache.commons.statistics.distribution.GammaDistribution;
import varepsilon.robust.attack.StageResult;
import varepsilon.stats.Interval;

/**
 * How many more images an attack with stages would break with twice the passes. It extrapolates what was found: the last
 * doubling of the passes broke m images, the one before it k; the next is expected to break m·min(1, m/k). The upper
 * bound is that of the exact 95 % interval of a Poisson variable of which m was observed, on the assumption that a
 * doubling finds no more than the one before; the lower bound is 0, since nothing shows that there is more to find. Stages
 * of another kind than those that ran are not foreseen.
 */
public final class Outlook {
    private Outlook() {}

    /**
     * The expected number with its interval, at most the images that are left.
     *
     * @return empty where no passes were used, or no image is left
     */
    public static Optional<Interval> of(List<StageResult> stages) {
        long passes = stages.stream().mapToLong(StageResult::passes).sum();
        if (passes == 0 || stages.get(stages.size() - 1).surviving() == 0) {
            return Optional.empty();
        }
        double all = brokenWithin(stages, passes);
        double last = all - brokenWithin(stages, passes / 2.0);
        double before = brokenWithin(stages, passes / 2.0) - brokenWithin(stages, passes / 4.0);
        double left = stages.get(stages.size() - 1).surviving();
        double expected = last == 0 ? 0 : last * Math.min(1, before == 0 ? 1 : last / before);
        double most = GammaDistribution.of(last + 1, 1).inverseCumulativeProbability(0.975);
        return Optional.of(new Interval(Math.min(left, expected), 0, Math.min(left, most)));
    }

    /** Images broken by the first passes; within a stage, in proportion to its passes. */
    private static double brokenWithin(List<StageResult> stages, double passes) {
        double broken = 0;
        double rest = passes;
        for (StageResult stage : stages) {
            double share = stage.passes() == 0 ? 1 : Math.min(1, rest / stage.passes());
            broken += share * stage.broken();
            rest = Math.max(0, rest - stage.passes());
        }
        return broken;
    }
}
