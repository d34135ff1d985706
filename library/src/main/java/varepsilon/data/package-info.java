/**
 * Images as bytes in memory and the ways they come in: published files, image folders, the drawn digits and shapes, the
 * verified download cache. Splits, batches and augmentation by seed. Independent of models. The content of files is checked
 * before use.
 */
package varepsilon.data;
