/** Models of the Deep Java Library as classifiers: optional. */
package varepsilon.djl;
