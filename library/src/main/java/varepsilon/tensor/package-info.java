/**
 * Tensors over libtorch: native memory with a lifetime ({@link varepsilon.tensor.Scope}), explicit random streams and
 * gradients with respect to chosen tensors. The only room that knows the native engine; every room below sees
 * {@link varepsilon.tensor.Tensor} alone.
 */
package varepsilon.tensor;
