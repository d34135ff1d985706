/**
 * Networks as graphs of operations, in the vocabulary of ONNX: read from and written to its files, recorded from our own
 * layers, run with gradients, and the form in which networks are bounded.
 */
package varepsilon.graph;
