/**
 * The published robustness experiment with the defects of its run, and the published curves of the VAE: reproduced as
 * run and as meant.
 */
package varepsilon.lab.published;
