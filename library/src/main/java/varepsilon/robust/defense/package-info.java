/**
 * Defences: training objectives for robust classifiers. Each is an objective for the one trainer and takes any attack; all are validated in the same way, by clean accuracy and by robust accuracy under an attack.
 */
package varepsilon.robust.defense;
