/**
 * The published robustness experiment with the defects of its run, and the published curves of the VAE: reproduced as they
 * were run and as they were meant. Nothing before this room knows of them.
 */
package varepsilon.lab.published;
