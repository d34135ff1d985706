/** The quickstart: VAEs and classifiers trained and attacked on the drawn digits in a few minutes. */
package varepsilon.lab.quickstart;
