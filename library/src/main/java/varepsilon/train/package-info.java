/**
 * One trainer for every model: an objective in, metrics out. Runs are stored in a directory, can be stopped at any moment, and give the same bits when resumed as without a stop.
 */
package varepsilon.train;
