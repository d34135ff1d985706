/**
 * Tensors over libtorch: native memory with a lifetime ({@link varepsilon.tensor.Scope}), explicit random streams and
 * gradients with respect to chosen tensors. The only package that uses the native engine; all others use {@link
 * varepsilon.tensor.Tensor}.
 */
package varepsilon.tensor;
