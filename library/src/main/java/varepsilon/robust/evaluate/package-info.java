/**
 * Measurement of classifiers under attack: accuracy before and after with intervals, the worst case over attacks,
 * curves over ε, comparison and transfer between models, signs that an attack failed rather than the model resisted.
 */
package varepsilon.robust.evaluate;
