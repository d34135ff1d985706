/**
 * The questions of the source as runnable studies: each measures, draws figures, and states in two sentences its result
 * and whether the source's claim holds.
 */
package varepsilon.lab.study;
