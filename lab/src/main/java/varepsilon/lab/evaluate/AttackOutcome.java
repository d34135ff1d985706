package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Map;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.attack.AttackResult;
import varepsilon.robust.attack.Criterion;
import varepsilon.robust.evaluate.Outlook;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.robust.evaluate.TrialReport;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Interval;

/**
 * The result of one attack.
 *
 * @param name of the attack
 * @param norm {@code linf}, {@code l2} or {@code l1}
 * @param eps ε, in pixel units
 * @param steps gradients an example and restart; null where the attack has no steps
 * @param stepSize in pixel units, that of the first step where they fall; null where the attack has none
 * @param restarts null where the attack has none
 * @param loss the loss that is maximised; null where the attack has none
 * @param parameters others of the attack that differ from their defaults; null where none does
 * @param n images
 * @param cleanCorrect correctly classified before
 * @param robustCorrect correctly classified before and after
 * @param cleanAccuracy their share
 * @param robustAccuracy the share of these
 * @param robustCi95 Wilson 95 % interval of the latter
 * @param goalPossible correctly classified before, and not of the target class; null for an untargeted attack
 * @param goalMet of these, how many meet the goal after; null likewise
 * @param maxPerturbation the largest that was found, in the norm, in pixel units
 * @param forwardPasses images sent through the classifier
 * @param backwardPasses images for which a gradient was computed
 * @param seconds time
 * @param stages of an attack that has stages, what each did; null for others
 * @param untested attacks that a schedule has and did not run; null where there are none
 * @param doubled of an attack with stages, how many more images it is expected to break with twice the passes; null for
 *     others
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record AttackOutcome(
        String name,
        String norm,
        double eps,
        Integer steps,
        Double stepSize,
        Integer restarts,
        String loss,
        Map<String, Object> parameters,
        int n,
        int cleanCorrect,
        int robustCorrect,
        double cleanAccuracy,
        double robustAccuracy,
        List<Double> robustCi95,
        Integer goalPossible,
        Integer goalMet,
        double maxPerturbation,
        long forwardPasses,
        long backwardPasses,
        double seconds,
        List<StageOutcome> stages,
        List<String> untested,
        Expected doubled) {
    /**
     * An estimate.
     *
     * @param images expected
     * @param ci95 interval
     */
    public record Expected(double images, List<Double> ci95) {
        static Expected of(Interval interval) {
            return new Expected(interval.value(), interval.bounds());
        }
    }

    /** @param goal null for an untargeted attack */
    public static AttackOutcome of(AttackSpec settings, RobustnessReport report, TrialReport trial, GoalTally goal) {
        Accuracy clean = report.clean();
        Accuracy robust = trial.accuracy();
        return new AttackOutcome(
                settings.name(),
                settings.norm(),
                settings.eps(),
                (Integer) settings.parameter("steps").orElse(null),
                settings.stepLength(),
                (Integer) settings.parameter("restarts").orElse(null),
                settings.parameter("loss").map(Object::toString).orElse(null),
                others(settings),
                clean.n(),
                clean.correct(),
                robust.correct(),
                clean.rate(),
                robust.rate(),
                robust.interval().bounds(),
                goal == null ? null : goal.possible(),
                goal == null ? null : goal.met(),
                trial.maxPerturbation(),
                trial.forwardPasses(),
                trial.backwardPasses(),
                trial.seconds(),
                trial.stages().isEmpty() ? null : StageOutcome.of(trial.stages(), robust.correct()),
                trial.untested().isEmpty() ? null : trial.untested(),
                Outlook.of(trial.stages()).map(Expected::of).orElse(null));
    }

    /** Clean accuracy, as counts. */
    public Accuracy clean() {
        return new Accuracy(cleanCorrect, n);
    }

    /** Robust accuracy, as counts. */
    public Accuracy robust() {
        return new Accuracy(robustCorrect, n);
    }

    /** As numbers, truth values and texts; what stands in keys of its own is left out. */
    private static Map<String, Object> others(AttackSpec settings) {
        Map<String, Object> others = settings.otherDepartures();
        others.keySet().removeAll(List.of("loss", "step-size"));
        others.replaceAll(
                (name, value) -> value instanceof Number || value instanceof Boolean ? value : value.toString());
        return others.isEmpty() ? null : others;
    }

    /** Counts how often the goal was met, without images whose true class is the target class. */
    public static final class GoalTally {
        private int possible;
        private int met;

        public int possible() {
            return possible;
        }

        public int met() {
            return met;
        }

        public void add(Trial trial, long[] labels, AttackResult result) {
            boolean targeted = trial.criterion() instanceof Criterion.Targeted;
            for (int i = 0; i < labels.length; i++) {
                int label = Math.toIntExact(labels[i]);
                if (result.correct()[i] && !(targeted && trial.classes().applyAsInt(label) == label)) {
                    possible++;
                    met += result.met()[i] ? 1 : 0;
                }
            }
        }
    }
}
