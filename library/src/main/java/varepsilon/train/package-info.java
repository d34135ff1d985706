/**
 * One trainer for every model: an objective in, metrics out. Runs live in a directory, can be stopped at any moment and
 * go on from there with the same bits as if they had not stopped.
 */
package varepsilon.train;
