/**
 * Both halves on embedded images in a few minutes.
 */
package varepsilon.lab.quickstart;
