/**
 * Accuracies, intervals, and comparisons of two models on the same images.
 */
package varepsilon.stats;
