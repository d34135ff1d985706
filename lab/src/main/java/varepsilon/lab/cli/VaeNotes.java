package varepsilon.lab.cli;

import varepsilon.generative.ActiveUnits;
import varepsilon.generative.BetaTcVae;
import varepsilon.generative.ElboObjective;
import varepsilon.generative.Likelihood;
import varepsilon.lab.spec.VaeSpec;

/** Notes on the results of a VAE. */
final class VaeNotes {
    /** Where no latent dimension is active. */
    static final String COLLAPSED =
            "no latent dimension is active (posterior collapse): the latent vector carries no information on the"
                    + " image, and all reconstructions are the same.";

    private VaeNotes() {}

    /** The note on bits per dimension of a density. */
    static String density(Likelihood likelihood) {
        return "the likelihood " + likelihood.name()
                + " is a density over intensities in [0, 1]: its bits per dimension"
                + " can be negative, and are not comparable with those of a likelihood over levels, such as categorical"
                + " or logistic.";
    }

    /** Whether an average divergence in nats rules out that any dimension is active. */
    static boolean isCollapsed(double klNats) {
        return klNats < ActiveUnits.LEAST_DIVERGENCE;
    }

    /** What to change against the collapse. */
    static String advice(VaeSpec config) {
        if (config.objective() instanceof ElboObjective.Choice elbo) {
            return advice(elbo.beta(), gentler(elbo));
        }
        double beta = config.objective() instanceof BetaTcVae.Choice weighted ? weighted.beta() : 1;
        return advice(beta, "--objective elbo with " + gentler(new ElboObjective.Choice()));
    }

    private static String advice(double beta, String gentler) {
        return beta > 1
                ? "Try a smaller --beta than " + beta + "; 1 is the ELBO. If the collapse remains, try " + gentler + "."
                : "Try " + gentler + ".";
    }

    private static String gentler(ElboObjective.Choice objective) {
        return (objective.warmUp() == 0
                        ? "--warm-up 10 (epochs over which the weight of the divergence rises from 0), "
                        : "")
                + (objective.freeNats() == 0
                        ? "--free-nats 0.1 (divergence of each dimension that is not penalised), "
                        : "")
                + "more --epochs or another --learning-rate";
    }
}
