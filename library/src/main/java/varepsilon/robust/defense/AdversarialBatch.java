package varepsilon.robust.defense;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.Named;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Cost;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Minimises the cross-entropy over the batch [x ; x_adv]: unperturbed and perturbed images in one batch. Without batch
 * normalisation that is {@link AdversarialLoss} at α = ½; with it, the batch normalisation statistics are those of the
 * mixture. No pass of the attack has these, so no pass is shared.
 */
public final class AdversarialBatch extends ClassifierObjective {
    /** Chooses this defence. */
    @Named(value = "adversarial-batch", help = "cross-entropy on one batch of unperturbed and perturbed images")
    public record Choice() implements Defense {
        @Override
        public Uses uses() {
            return Uses.ATTACK;
        }

        @Override
        public ClassifierObjective objective(Training training) {
            return new AdversarialBatch(training.classifier(), training.settings(), training.adversary());
        }
    }

    private final Adversary adversary;

    /** Trains {@code classifier}. */
    public AdversarialBatch(NetworkClassifier classifier, Settings settings, Adversary adversary) {
        super(classifier, settings);
        this.adversary = adversary;
    }

    @Override
    protected BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        Tensor perturbed = adversary.perturbed(classifier(), pixels, labels, epoch(), rng, cost);
        Tensor logits = logits(Tensor.concat(0, List.of(pixels, perturbed)), cost);
        long n = pixels.size(0);
        Map<String, Tensor> measured = new LinkedHashMap<>();
        measure(measured, logits.narrow(0, 0, n), labels);
        measureAdversarial(measured, logits.narrow(0, n, n), labels);
        return new BatchResult(
                crossEntropy(logits, Tensor.concat(0, List.of(labels, labels))).mean(), measured);
    }
}
