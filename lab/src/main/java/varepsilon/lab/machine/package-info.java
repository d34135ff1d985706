/**
 * This machine: how fast it is beside the textbook formulation, and what is wrong with it.
 */
package varepsilon.lab.machine;
