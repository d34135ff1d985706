package varepsilon.generative;

import varepsilon.tensor.Tensor;

/**
 * The last part of an encoder, which makes q(z|x) of its output. One with parameters to be trained is a {@link
 * varepsilon.nn.Module}.
 */
@FunctionalInterface
public interface Inference {
    /** q(z|x) for an encoder's output, N×outputs. */
    Posterior posterior(Tensor output);
}
