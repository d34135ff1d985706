/**
 * Image classifiers: from pixels in [0, 1] to logits, with the normalisation inside the model, so that a perturbation can
 * never be measured or clipped in another space than that of the pixels.
 */
package varepsilon.classify;
