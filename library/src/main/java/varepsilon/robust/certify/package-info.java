/**
 * Bounds that hold for every perturbation in a threat model: by intervals, by linear relaxations of the network's
 * operations, by branching on them, and by smoothing with noise.
 */
package varepsilon.robust.certify;
