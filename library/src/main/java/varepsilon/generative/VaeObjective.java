package varepsilon.generative;

import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.nn.Init;

/**
 * The choice of what the training of a VAE minimises, with its parameters. A new one is a {@link MeasuredObjective} in
 * a file of its own, with a record {@code Choice} in it that is registered as {@link Family} says.
 */
@Named(value = "objective", help = "what the training of a VAE minimises")
public interface VaeObjective {
    /**
     * Rejects a model that it cannot train.
     *
     * @param prior p(z) of the model
     * @param posterior q(z|x) of the model
     * @throws InputException saying which it takes
     */
    default void requireUsable(PriorChoice prior, PosteriorChoice posterior) {
        if (posterior instanceof Quantised.Choice) {
            throw new InputException("objective " + Family.nameOf(this)
                    + ": takes posteriors with a density, and quantised has none; expected the objective elbo");
        }
    }

    /** The training objective; the caller closes it. */
    MeasuredObjective objective(Training training);

    /**
     * The context of a training.
     *
     * @param vae that is trained
     * @param images that it is trained on, at least 1
     * @param init gives fresh parameters to networks that belong to the objective alone
     */
    record Training(Vae vae, int images, Init init) {
        /** Rejects trainings without images. */
        public Training {
            if (images < 1) {
                throw new IllegalArgumentException(images + " training images: expected at least 1");
            }
        }
    }
}
