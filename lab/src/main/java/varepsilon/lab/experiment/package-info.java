/**
 * Experiments: configurations as records bound to YAML, and the runs that they describe, from data and seed to weights,
 * metrics and pictures in a run directory.
 */
package varepsilon.lab.experiment;
