package varepsilon.robust.defense;

import java.util.function.Supplier;
import varepsilon.base.InputException;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Who perturbs the images that a classifier is trained on.
 *
 * @param attack how
 * @param threat within what
 * @param warmUpEpochs epochs over which ε grows linearly from 0 to its value; 0 for none
 * @param mode how batch normalisation behaves meanwhile
 */
public record Adversary(Attack attack, ThreatModel threat, double warmUpEpochs, Mode mode) {
    /** How a classifier with batch normalisation behaves while it is attacked. */
    public enum Mode {
        /** As it is used: running statistics normalise and do not move. */
        EVALUATION,
        /** As it is trained: each pass of the attack normalises by its batch, and moves the running statistics. */
        TRAINING
    }

    /** Refuses a warm-up that is negative or not a number. */
    public Adversary {
        if (!(warmUpEpochs >= 0) || Double.isInfinite(warmUpEpochs)) {
            throw new InputException("epsilon warm-up of " + warmUpEpochs + " epochs: expected a number of at least 0");
        }
    }

    /** Full strength from the start, against the classifier as it is used. */
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

    /** Perturbed images for training, all of them, also those that are misclassified already: N×…, no gradient history. */
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

    /** What FGSM makes of images, N×…, where the gradient of their losses is known already. */
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
