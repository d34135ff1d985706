/**
 * Image classifiers: from pixels in [0, 1] to logits, with the normalisation inside the model, so that perturbations
 * are always measured and clipped in pixel space.
 */
package varepsilon.classify;
