/** Runs: begin, resume, train and test one; the store that finds them by their configuration. */
package varepsilon.lab.run;
