/**
 * The configuration of attacks, data, models and trainings, in YAML or on the command line, with defaults.
 */
package varepsilon.lab.spec;
