/**
 * Atomic file writes, errors in input, families of named members with declared parameters, progress and stopping.
 */
package varepsilon.base;
