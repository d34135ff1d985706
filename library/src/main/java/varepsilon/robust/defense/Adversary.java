package varepsilon.robust.defense;

import java.util.function.Supplier;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.StagedAttack;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * The attack and threat model that perturb training images.
 *
 * @param attack the attack
 * @param threat the allowed perturbations
 * @param warmUpEpochs epochs over which ε grows linearly from 0 to its value; 0 for none
 * @param mode mode of the classifier's batch normalisation during the attack
 */
public record Adversary(Attack attack, ThreatModel threat, double warmUpEpochs, Mode mode) {
    /** The mode of a classifier with batch normalisation during an attack. */
    public enum Mode {
        /** Evaluation mode: the running batch normalisation statistics are used and not updated. */
        EVALUATION,
        /** Training mode: each pass of the attack normalises by its batch and updates the running statistics. */
        TRAINING
    }

    /** Rejects a warm-up that is negative or not finite, and attacks that are for evaluation alone. */
    public Adversary {
        requireForTraining("attack", attack);
        if (!(warmUpEpochs >= 0) || Double.isInfinite(warmUpEpochs)) {
            throw new InputException("epsilon warm-up of " + warmUpEpochs + " epochs: expected a number of at least 0");
        }
    }

    /**
     * Rejects attacks that are for evaluation alone.
     *
     * @param key what the attack is a value of, for the message
     * @throws InputException naming both
     */
    public static void requireForTraining(String key, Attack attack) {
        if (attack instanceof StagedAttack) {
            throw new InputException(key + " " + attack.name()
                    + ": expected one attack, such as pgd or apgd; one with stages is not supported during training");
        }
    }

    /** Full ε from the first epoch, the classifier in evaluation mode. */
    public Adversary(Attack attack, ThreatModel threat) {
        this(attack, threat, 0, Mode.EVALUATION);
    }

    /** The same with ε growing over so many epochs. */
    public Adversary withWarmUp(double epochs) {
        return new Adversary(attack, threat, epochs, mode);
    }

    /** The same with the classifier in another mode. */
    public Adversary withMode(Mode other) {
        return new Adversary(attack, threat, warmUpEpochs, other);
    }

    /** The threat model after so many epochs. */
    public ThreatModel threatAt(double epoch) {
        return epoch >= warmUpEpochs ? threat : threat.withEpsilon(threat.epsilon() * epoch / warmUpEpochs);
    }

    /**
     * Perturbed images for training, all of them, also those that are misclassified already: N×…, no gradient history.
     */
    public Tensor perturbed(
            NetworkClassifier classifier, Tensor pixels, Tensor labels, double epoch, Rng rng, Cost cost) {
        ThreatModel now = threatAt(epoch);
        try (var scope = Scope.withoutGradients()) {
            Problem problem = Problem.ofTraining(classifier, pixels, labels, now, cost);
            Tensor delta = inMode(classifier, () -> attack.perturb(problem, Draws.shared(rng)));
            return scope.keep(moved(pixels, delta, now));
        }
    }

    /** What {@code work} gives while the classifier is in this adversary's mode. */
    <T> T inMode(NetworkClassifier classifier, Supplier<T> work) {
        return mode == Mode.EVALUATION ? classifier.evaluating(work) : work.get();
    }

    /** FGSM's adversarial examples, N×…, from gradients of the losses that are computed already. */
    Tensor perturbedAlong(Tensor gradient, NetworkClassifier classifier, Tensor pixels, Tensor labels, double epoch) {
        ThreatModel now = threatAt(epoch);
        try (var scope = Scope.withoutGradients()) {
            Problem problem = Problem.ofTraining(classifier, pixels, labels, now, new Cost());
            return scope.keep(moved(pixels, problem.maximise(gradient), now));
        }
    }

    private static Tensor moved(Tensor pixels, Tensor delta, ThreatModel now) {
        return pixels.add(delta).clamp(now.box().low(), now.box().high());
    }
}
