package varepsilon.robust.evaluate;

import java.util.List;
import varepsilon.stats.Accuracy;

/**
 * What a classifier gets right, as it is and under attack.
 *
 * @param right whether an image is classified right, by example in the order of the images; its length is how many were
 *     evaluated
 * @param predictions the classes predicted for the images as they are
 * @param trials what came of each trial, in the order given
 * @param complete false where a stop was requested before all images were done; everything here is of those that were
 * @param notes what a reader of these numbers must know, in sentences
 */
public record RobustnessReport(
        boolean[] right, int[] predictions, List<TrialReport> trials, boolean complete, List<String> notes) {
    /** Freezes the lists. */
    public RobustnessReport {
        trials = List.copyOf(trials);
        notes = List.copyOf(notes);
    }

    /** How many images were evaluated. */
    public int n() {
        return right.length;
    }

    /** Accuracy on images as they are. */
    public Accuracy clean() {
        return Accuracy.of(right);
    }

    /** Whether each example is right as it is and after every trial. */
    public boolean[] worstCase() {
        boolean[] worst = right.clone();
        for (TrialReport trial : trials) {
            for (int i = 0; i < worst.length; i++) {
                worst[i] &= trial.robust()[i];
            }
        }
        return worst;
    }

    /** Accuracy where each example faces the trial that is worst for it; that on clean images where there is no trial. */
    public Accuracy worstCaseAccuracy() {
        return Accuracy.of(worstCase());
    }
}
