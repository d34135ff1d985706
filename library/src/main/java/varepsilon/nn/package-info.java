/**
 * Networks: modules with named parameters and buffers, layers, initialisation, optimizers, learning-rate schedules and
 * weight files. Names and defaults are PyTorch's, so that weights go both ways.
 */
package varepsilon.nn;
