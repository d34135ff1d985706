/**
 * One training loop for every model: an objective in, metrics out. {@link varepsilon.train.Fit} trains in memory;
 * {@link varepsilon.train.Trainer} in a run directory, where a training can be stopped at any moment and gives the same
 * bits when resumed.
 */
package varepsilon.train;
