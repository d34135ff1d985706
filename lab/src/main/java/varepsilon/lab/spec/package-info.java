/**
 * What a person writes, in YAML or on the command line: attacks, data, models, trainings, with their defaults.
 */
package varepsilon.lab.spec;
