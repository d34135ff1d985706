/**
 * Attacks: the search, inside a threat model, for a perturbation that makes a classifier misclassify. What an attack returns is
 * held to that threat model, and its success is predicted anew from what it returned.
 */
package varepsilon.robust.attack;
