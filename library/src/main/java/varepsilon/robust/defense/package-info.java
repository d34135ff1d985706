/**
 * Defences: training objectives for robust classifiers. Each is an objective for the one trainer; {@link
 * varepsilon.robust.defense.Defense#requireUsable} rejects attacks that one cannot use. All are validated in the same
 * way, by clean accuracy and by robust accuracy under an attack.
 */
package varepsilon.robust.defense;
