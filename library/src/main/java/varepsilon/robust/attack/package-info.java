/**
 * Attacks: the search, inside a threat model, for a perturbation that makes a classifier misclassify. Returned
 * perturbations are checked against that threat model, and success is decided by predicting the perturbed images again.
 */
package varepsilon.robust.attack;
