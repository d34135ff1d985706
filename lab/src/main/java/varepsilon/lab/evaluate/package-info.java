/**
 * One evaluation of one trained model: results of attacks and measurements, with their files and pictures.
 */
package varepsilon.lab.evaluate;
