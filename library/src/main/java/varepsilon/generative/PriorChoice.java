package varepsilon.generative;

import varepsilon.base.Family;
import varepsilon.base.Named;
import varepsilon.nn.Init;

/**
 * The choice of a prior, with its parameters. A new prior is a record in a file of its own that makes a {@link
 * Prior}, registered as {@link Family} says.
 */
@Named(value = "prior", help = "the distribution p(z) of latent vectors")
public interface PriorChoice {
    /**
     * The prior over a latent space. One with parameters to be trained is a {@link varepsilon.nn.Module}, which the
     * VAE then trains with its own, under the name {@code prior}.
     *
     * @param init gives fresh parameters
     */
    Prior create(LatentSpace space, Init init);
}
