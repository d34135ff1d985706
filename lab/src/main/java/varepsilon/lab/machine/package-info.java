/**
 * This machine: benchmarks against the textbook formulation, and diagnosis.
 */
package varepsilon.lab.machine;
