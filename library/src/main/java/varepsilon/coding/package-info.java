/**
 * Entropy coding with asymmetric numeral systems: a stack of bits, distributions over symbols with integer frequencies,
 * and the file of a coded message. The coder computes with integers alone.
 */
package varepsilon.coding;
