package varepsilon.robust.evaluate;

import varepsilon.robust.attack.AttackResult;
import varepsilon.tensor.Tensor;

/**
 * A batch of images and the result of one trial on them. The tensors are freed when the listener returns.
 *
 * @param trial which of the evaluation's trials, from 0
 * @param pixels the images before the attack, FLOAT32 N×C×H×W in [0, 1]
 * @param labels INT64 N
 * @param indices which images of the set these are
 * @param result the result of the attack
 */
public record AttackedBatch(int trial, Tensor pixels, Tensor labels, int[] indices, AttackResult result) {}
