/**
 * Grids of runs, and the published robustness experiment, side by side in one folder.
 */
package varepsilon.lab.experiment;
