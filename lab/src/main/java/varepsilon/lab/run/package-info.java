/**
 * One life of a run: configured, trained or found, resumed, tested; and the store of runs.
 */
package varepsilon.lab.run;
