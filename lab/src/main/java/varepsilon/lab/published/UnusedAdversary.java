package varepsilon.lab.published;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Attacks each batch, and then minimises the cross-entropy on the unperturbed images: the published PGD defence, which
 * by mistake does not train on adversarial examples. The only effect of an adversary in training mode is that it
 * updates the running batch normalisation statistics. It exists only to reproduce the published experiment.
 */
final class UnusedAdversary extends ClassifierObjective {
    private final Adversary adversary;

    /** Trains {@code classifier}. */
    UnusedAdversary(NetworkClassifier classifier, Settings settings, Adversary adversary) {
        super(classifier, settings);
        this.adversary = adversary;
    }

    @Override
    protected BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        adversary.perturbed(classifier(), pixels, labels, epoch(), rng, cost);
        Map<String, Tensor> measured = new LinkedHashMap<>();
        Tensor logits = logits(pixels, cost);
        measure(measured, logits, labels);
        return new BatchResult(crossEntropy(logits, labels).mean(), measured);
    }
}
