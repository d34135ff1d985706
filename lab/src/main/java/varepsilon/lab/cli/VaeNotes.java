package varepsilon.lab.cli;

import varepsilon.generative.ActiveUnits;
import varepsilon.lab.spec.VaeSpec;

/** What a person should know to read the figures of a VAE. */
final class VaeNotes {
    /** Beside bits per dimension that are no number of bits. */
    static final String DENSITY =
            "the Gaussian likelihood is a density over intensities in [0, 1]: its bits per dimension"
                    + " can be negative, and are not comparable with those of a categorical or Bernoulli likelihood.";

    /** Where no latent dimension is active. */
    static final String COLLAPSED =
            "no latent dimension is active (posterior collapse): the latent vector says nothing of"
                    + " the image, and every reconstruction is the same picture.";

    private VaeNotes() {}

    /** Whether an average divergence in nats rules out that any dimension is active. */
    static boolean isCollapsed(double klNats) {
        return klNats < ActiveUnits.LEAST_DIVERGENCE;
    }

    /** What to change against the collapse. */
    static String advice(VaeSpec config) {
        String gentler = "--free-nats 0.1 (divergence that each dimension has for nothing), more --epochs or another"
                + " --learning-rate";
        return config.beta() > 1
                ? "Try a smaller --beta than " + config.beta() + "; 1 is the bound itself. If it stays, try " + gentler
                        + "."
                : "Try " + gentler + ".";
    }
}
