package varepsilon.generative;

import varepsilon.base.Family;
import varepsilon.base.Named;
import varepsilon.nn.Init;

/**
 * The choice of a form of q(z|x), with its parameters. A new one is a record in a file of its own that makes an {@link
 * Inference}, registered as {@link Family} says.
 */
@Named(value = "posterior", help = "the form of the approximate posterior q(z|x)")
public interface PosteriorChoice {
    /** Outputs of the encoder for so many latent dimensions. */
    int outputs(int latentDim);

    /**
     * What each of the encoder's outputs is, for a reader of an exported encoder: a phrase that may end a sentence.
     */
    default String meaning(int latentDim) {
        return "of which the posterior " + Family.nameOf(this) + " makes q(z|x)";
    }

    /**
     * The last part of the encoder. One with parameters to be trained is a {@link varepsilon.nn.Module}, which the VAE
     * then trains with its own, under the name {@code posterior}.
     *
     * @param prior p(z) over as many dimensions as z has
     * @param init gives fresh parameters
     */
    Inference create(Prior prior, Init init);
}
