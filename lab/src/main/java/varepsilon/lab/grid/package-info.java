/**
 * Experiments of many runs: their settings as YAML, the grid of their cells, the runner that does what is missing, and
 * their results as one table.
 */
package varepsilon.lab.grid;
