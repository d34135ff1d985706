/**
 * Images as bytes in memory and the ways they come in: published files, image folders, the drawn digits, the verified
 * download cache. Splits, batches and augmentation by seed. Nothing here knows of models; whatever a file says is hostile
 * until it has been checked.
 */
package varepsilon.data;
