package varepsilon.robust.evaluate;

import varepsilon.robust.attack.AttackResult;
import varepsilon.tensor.Tensor;

/**
 * Some images and what a trial made of them. The tensors live only until the listener that is given them returns.
 *
 * @param trial which of the evaluation's trials, from 0
 * @param pixels the images before the attack, FLOAT32 N×C×H×W in [0, 1]
 * @param labels INT64 N
 * @param indices which images of the set these are
 * @param result what the attack found
 */
public record AttackedBatch(int trial, Tensor pixels, Tensor labels, int[] indices, AttackResult result) {}
