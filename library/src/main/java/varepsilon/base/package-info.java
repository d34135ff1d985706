/**
 * Files that are written whole or not at all, errors in what came in, the nearest of some names.
 */
package varepsilon.base;
