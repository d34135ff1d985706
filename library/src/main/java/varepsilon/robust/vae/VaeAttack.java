package varepsilon.robust.vae;

import java.util.Locale;
import java.util.function.UnaryOperator;
import varepsilon.base.InputException;
import varepsilon.data.Batch;
import varepsilon.generative.Posterior;
import varepsilon.generative.Vae;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * An attack on a VAE itself (Tabacof, Tavares, Valle 2016; Kos, Fischer, Song 2018): projected gradient ascent from the
 * image, with steps that fall from 2 ε.
 *
 * @param goal what the perturbation is to reach
 * @param threat the allowed perturbations
 * @param steps gradients, at least 1
 */
public record VaeAttack(Goal goal, ThreatModel threat, int steps) {
    private static final double FIRST_STEP = 2;

    /** What a perturbation is to reach. */
    public enum Goal {
        /** The mean of q(z|x) is that of another image. */
        LATENT,
        /** The reconstruction is that of another image: log p(t|z) of the other image t for z drawn from q(z|x). */
        OUTPUT,
        /** The image takes many bits: −ELBO, and with it the length of its code, is large. */
        BITS;

        /**
         * The goal of that name.
         *
         * @throws InputException where there is none
         */
        public static Goal named(String name) {
            for (Goal goal : values()) {
                if (goal.label().equals(name)) {
                    return goal;
                }
            }
            throw new InputException("goal '" + name + "': expected latent, output or bits");
        }

        /** In lower case. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Whether it is about another image. */
        public boolean hasTarget() {
            return this != BITS;
        }
    }

    /** Rejects fewer steps than one. */
    public VaeAttack {
        if (steps < 1) {
            throw new InputException("steps " + steps + ": expected at least 1");
        }
    }

    /**
     * Adversarial images, N×C×H×W.
     *
     * @param pixels FLOAT32 N×C×H×W in [0, 1]
     * @param others the images to be reached, such pixels; not used where the goal has none
     * @param seed of the draws of z
     */
    public Tensor perturbed(Vae vae, Tensor pixels, Tensor others, long seed) {
        Tensor low = pixels.neg().add(threat.box().low());
        Tensor high = pixels.neg().add(threat.box().high());
        StepSize stepSize = StepSize.falling(FIRST_STEP);
        Tensor delta = pixels.zerosLike();
        return vae.evaluating(() -> {
            try (Rng rng = Seed.of(seed).split("attack on a VAE").stream();
                    var scope = Scope.withoutGradients()) {
                Slope slope = slope(vae, others, rng);
                Tensor best = delta;
                for (int i = 0; i < steps; i++) {
                    try (var step = Scope.open()) {
                        Tensor gradient = slope.at(pixels.add(best));
                        best = step.keep(threat.norm()
                                .ascend(
                                        best,
                                        gradient,
                                        stepSize.of(threat.epsilon(), i, steps),
                                        threat.epsilon(),
                                        low,
                                        high));
                    }
                }
                return scope.keep(
                        pixels.add(best).clamp(threat.box().low(), threat.box().high()));
            }
        });
    }

    /** The gradient of the values that the attack raises. */
    @FunctionalInterface
    private interface Slope {
        Tensor at(Tensor pixels);
    }

    private Slope slope(Vae vae, Tensor others, Rng rng) {
        return switch (goal) {
            case LATENT -> {
                Tensor reached = posterior(vae, others).mean();
                yield pixels -> gradient(
                        x -> posterior(vae, x)
                                .mean()
                                .sub(reached)
                                .square()
                                .sum(1L)
                                .neg(),
                        pixels);
            }
            case OUTPUT -> {
                Tensor reached = vae.target(Batch.rounded(others));
                yield pixels -> gradient(
                        x -> vae.decode(posterior(vae, x).draw(1, rng).z().squeeze(0))
                                .logProbability(reached),
                        pixels);
            }
            case BITS -> pixels -> SurrogateBits.of(vae, pixels, rng).gradient();
        };
    }

    private static Tensor gradient(UnaryOperator<Tensor> values, Tensor at) {
        try (var scope = Scope.withGradients()) {
            Tensor x = at.detach().copy().requiresGrad(true);
            return scope.keep(Gradients.of(values.apply(x).sum(), x));
        }
    }

    private static Posterior posterior(Vae vae, Tensor pixels) {
        return vae.posteriorOfInput(SurrogateBits.signed(pixels));
    }
}
