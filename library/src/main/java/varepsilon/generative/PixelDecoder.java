package varepsilon.generative;

import varepsilon.tensor.Tensor;

/**
 * The last part of a decoder, which makes p(x|z) of its network's output. One with parameters to be trained is a {@link
 * varepsilon.nn.Module}.
 */
@FunctionalInterface
public interface PixelDecoder {
    /** p(x|z) for N outputs of the decoder's network, N×channels×H×W. */
    ImageDistribution distribution(Likelihood likelihood, Tensor output);

    /** Whether pixels are independent given z. */
    default boolean isIndependent() {
        return true;
    }
}
