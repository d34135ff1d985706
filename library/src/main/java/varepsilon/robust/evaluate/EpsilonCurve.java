package varepsilon.robust.evaluate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.stats.Accuracy;

/**
 * Robust accuracy as ε grows.
 *
 * @param clean accuracy at ε = 0
 * @param trials one attack in one norm with one criterion, at rising ε
 */
public record EpsilonCurve(Accuracy clean, List<TrialReport> trials) {
    /** Copies the list. */
    public EpsilonCurve {
        trials = List.copyOf(trials);
    }

    /** The same trial at several ε, to be evaluated. */
    public static List<Trial> trials(Trial trial, List<Double> epsilons) {
        return epsilons.stream().map(trial::withEpsilon).toList();
    }

    /** All curves in a report: trials that differ in ε alone, where there are at least two. */
    public static List<EpsilonCurve> of(RobustnessReport report) {
        Map<Trial, List<TrialReport>> byAttack = new LinkedHashMap<>();
        for (TrialReport trial : report.trials()) {
            byAttack.computeIfAbsent(trial.trial().withEpsilon(0), key -> new ArrayList<>())
                    .add(trial);
        }
        return byAttack.values().stream()
                .filter(trials -> trials.size() > 1)
                .map(trials -> trials.stream()
                        .sorted(Comparator.comparingDouble(
                                trial -> trial.trial().threat().epsilon()))
                        .toList())
                .map(trials -> new EpsilonCurve(report.clean(), trials))
                .toList();
    }
}
