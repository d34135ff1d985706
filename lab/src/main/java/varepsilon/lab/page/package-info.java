/**
 * HTML pages: reports, and the live view of runs.
 */
package varepsilon.lab.page;
