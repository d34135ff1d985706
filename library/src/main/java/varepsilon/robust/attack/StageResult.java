package varepsilon.robust.attack;

/**
 * What a stage did.
 *
 * @param stage name and attack
 * @param left images that no stage before met the criterion on
 * @param tried of these, those that were attacked: all, or fewer where a budget or a stop ended the stage
 * @param broken of these, those on which the attack met the criterion
 * @param forwardPasses images sent through the classifier
 * @param backwardPasses images for which a gradient was computed
 * @param seconds wall-clock time
 */
public record StageResult(
        Stage stage, int left, int tried, int broken, long forwardPasses, long backwardPasses, double seconds) {
    /** Forward and backward passes. */
    public long passes() {
        return forwardPasses + backwardPasses;
    }

    /** The images on which no stage so far met the criterion. */
    public int surviving() {
        return left - broken;
    }
}
