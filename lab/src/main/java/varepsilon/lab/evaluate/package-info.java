/**
 * One evaluation of one trained model: what the attacks and measurements find, the files and the pictures of it.
 */
package varepsilon.lab.evaluate;
