/**
 * VAEs and adversarial examples: images purified by a VAE before a classifier sees them, adversarial examples detected
 * by a VAE's bits, and attacks on VAEs themselves.
 */
package varepsilon.robust.vae;
