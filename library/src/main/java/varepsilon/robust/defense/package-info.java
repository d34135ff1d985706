/**
 * Defences: what is minimised so that a classifier withstands attacks. Each is an objective for the one trainer and takes
 * any attack; all are validated alike, by accuracy on images as they are and under an attack.
 */
package varepsilon.robust.defense;
