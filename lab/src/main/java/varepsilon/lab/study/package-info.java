/**
 * The questions of the source as runnable studies: each measures, draws, and says in two sentences that follow from the
 * numbers what came of it and whether the source's claim holds.
 */
package varepsilon.lab.study;
