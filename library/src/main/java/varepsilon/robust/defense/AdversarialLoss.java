package varepsilon.robust.defense;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.Cost;
import varepsilon.tensor.InputException;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Minimises α·CE(x) + (1 − α)·CE(x_adv) (Goodfellow et al. 2015, section 6). With α = 0 it is the adversarial training of
 * Madry et al. 2018, with a random-start FGSM inside the fast one of Wong et al. 2020. The two batches pass the network
 * one after the other, so that batch normalisation sees each by itself.
 */
public final class AdversarialLoss extends ClassifierObjective {
    private final Adversary adversary;
    private final double alpha;

    /**
     * Trains {@code classifier}.
     *
     * @param alpha weight of the images as they are, in [0, 1]
     */
    public AdversarialLoss(NetworkClassifier classifier, Settings settings, Adversary adversary, double alpha) {
        super(classifier, settings);
        if (!(alpha >= 0 && alpha <= 1)) {
            throw new InputException("alpha " + alpha + ": expected a number in [0, 1]");
        }
        this.adversary = adversary;
        this.alpha = alpha;
    }

    @Override
    BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        Tensor perturbed = adversary.perturbed(classifier(), pixels, labels, epoch(), rng, cost);
        Map<String, Tensor> measured = new LinkedHashMap<>();
        Tensor loss = null;
        if (alpha > 0) {
            Tensor logits = logits(pixels, cost);
            measure(measured, logits, labels);
            loss = crossEntropy(logits, labels).mean().mul(alpha);
        }
        if (alpha < 1) {
            Tensor logits = logits(perturbed, cost);
            measureAdversarial(measured, logits, labels);
            Tensor adversarial = crossEntropy(logits, labels).mean().mul(1 - alpha);
            loss = loss == null ? adversarial : loss.add(adversarial);
        }
        return new BatchResult(loss, measured);
    }
}
