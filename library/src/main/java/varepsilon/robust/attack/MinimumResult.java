package varepsilon.robust.attack;

import varepsilon.tensor.Tensor;

/**
 * The smallest perturbations that an attack found for a batch of examples, in their order. The tensors belong to the
 * scope in which it ran.
 *
 * @param adversarial pixels, N×…: verified to lie in the box; the unperturbed image where nothing was found
 * @param cleanPrediction the class predicted for the image
 * @param adversarialPrediction the class predicted for {@code adversarial}
 * @param correct whether {@code cleanPrediction} is the label
 * @param found whether the criterion is met by {@code adversarial} as returned
 * @param size ‖adversarial − image‖ in the threat model's norm, computed in double precision: 0 where the image itself
 *     meets the criterion, infinite where nothing was found
 * @param withoutGradient examples at which a gradient was not finite (NaN or infinite)
 * @param withoutLogits examples that got logits which are not finite where they were perturbed: no success was counted
 *     there
 */
public record MinimumResult(
        Tensor adversarial,
        int[] cleanPrediction,
        int[] adversarialPrediction,
        boolean[] correct,
        boolean[] found,
        double[] size,
        int[] withoutGradient,
        int[] withoutLogits) {}
