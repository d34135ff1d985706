package varepsilon.robust.evaluate;

import java.util.List;
import varepsilon.robust.attack.StageResult;
import varepsilon.stats.Accuracy;

/**
 * The result of one trial, by example in the order of the images.
 *
 * @param trial the attack and its threat model
 * @param robust whether an example is correctly classified before and after
 * @param predictions the classes predicted for the perturbed images
 * @param maxPerturbation the largest size of a perturbation, in the threat model's norm and pixel units
 * @param forwardPasses images sent through the classifier, each counted every time, checks before and after included
 * @param backwardPasses images for which a gradient was computed
 * @param seconds wall-clock time
 * @param stages of an attack that has stages, what each did; empty for others
 * @param untested attacks that a schedule has and did not run, by name
 */
public record TrialReport(
        Trial trial,
        boolean[] robust,
        int[] predictions,
        double maxPerturbation,
        long forwardPasses,
        long backwardPasses,
        double seconds,
        List<StageResult> stages,
        List<String> untested) {
    /** Copies the lists. */
    public TrialReport {
        stages = List.copyOf(stages);
        untested = List.copyOf(untested);
    }

    /** Robust accuracy: examples correctly classified before and after, of all. */
    public Accuracy accuracy() {
        return Accuracy.of(robust);
    }
}
