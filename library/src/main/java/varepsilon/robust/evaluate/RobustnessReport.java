package varepsilon.robust.evaluate;

import java.util.List;
import varepsilon.stats.Accuracy;

/**
 * Clean accuracy of a classifier and its robust accuracy under several attacks.
 *
 * @param correct whether an image is correctly classified without an attack, by example in the order of the images; its
 *     length is how many were evaluated
 * @param predictions the classes predicted for the images without an attack
 * @param trials the result of each trial, in the order given
 * @param complete false where a stop was requested before all images were done; everything here is of those that were
 * @param notes caveats on these numbers, a sentence each
 * @param checks what was examined on the way; {@link FailureChecks} examines more
 */
public record RobustnessReport(
        boolean[] correct,
        int[] predictions,
        List<TrialReport> trials,
        boolean complete,
        List<String> notes,
        List<Check> checks) {
    /** Copies the lists. */
    public RobustnessReport {
        trials = List.copyOf(trials);
        notes = List.copyOf(notes);
        checks = List.copyOf(checks);
    }

    /** The same with other checks. */
    public RobustnessReport withChecks(List<Check> other) {
        return new RobustnessReport(correct, predictions, trials, complete, notes, other);
    }

    /** How many images were evaluated. */
    public int n() {
        return correct.length;
    }

    /** Clean accuracy: without an attack. */
    public Accuracy clean() {
        return Accuracy.of(correct);
    }

    /** Whether each example is correctly classified without an attack and after every trial. */
    public boolean[] worstCase() {
        boolean[] worst = correct.clone();
        for (TrialReport trial : trials) {
            for (int i = 0; i < worst.length; i++) {
                worst[i] &= trial.robust()[i];
            }
        }
        return worst;
    }

    /** Robust accuracy under the worst trial of each example; clean accuracy where there is no trial. */
    public Accuracy worstCaseAccuracy() {
        return Accuracy.of(worstCase());
    }
}
