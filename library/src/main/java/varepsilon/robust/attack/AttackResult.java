package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/**
 * The result of an attack on a batch of examples, in their order. The tensors belong to the scope in which the attack
 * ran.
 *
 * @param adversarial pixels, N×…: verified to lie in the threat model; the unperturbed image where no attack was run
 * @param cleanPrediction the class predicted for the image
 * @param adversarialPrediction the class predicted for {@code adversarial}
 * @param correct whether {@code cleanPrediction} is the label
 * @param met whether the criterion is met by {@code adversarial} as returned
 * @param size ‖adversarial − image‖ in the threat model's norm, computed in double precision
 * @param withoutGradient examples at which a gradient was not finite (NaN or infinite): the attack made no step there
 * @param withoutLogits examples of which a perturbed image had logits that are not finite; where the one returned has,
 *     the unperturbed image takes its place
 * @param lost examples for which the attack came to a perturbation that meets the criterion, and returned one that does
 *     not
 */
public record AttackResult(
        Tensor adversarial,
        int[] cleanPrediction,
        int[] adversarialPrediction,
        boolean[] correct,
        boolean[] met,
        double[] size,
        int[] withoutGradient,
        int[] withoutLogits,
        int[] lost) {
    /** Whether example {@code i} is correctly classified before and after. */
    public boolean isRobust(int i) {
        return correct[i] && adversarialPrediction[i] == cleanPrediction[i];
    }
}
