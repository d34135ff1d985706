/**
 * Weight files, safetensors and PyTorch's: hostile files in, named tensors out.
 */
package varepsilon.weights;
