/**
 * Images as bytes in memory and the ways they come in: MNIST-like files, the drawn digits, the verified download cache.
 * Splits and batches by seed. Nothing here knows of models; whatever a file says is hostile until it has been checked.
 */
package varepsilon.data;
