/**
 * Experiments of many cells in one folder; grids of trainings.
 */
package varepsilon.lab.experiment;
