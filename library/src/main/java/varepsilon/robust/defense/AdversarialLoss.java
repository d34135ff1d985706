package varepsilon.robust.defense;

import java.util.LinkedHashMap;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.InputException;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.classify.NetworkClassifier;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Cost;
import varepsilon.robust.attack.Fgsm;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Tensor;
import varepsilon.train.BatchResult;

/**
 * Minimises α·CE(x) + (1 − α)·CE(x_adv) (Goodfellow et al. 2015, section 6). With α = 0 it is the adversarial training of
 * Madry et al. 2018, with a random-start FGSM inside the fast one of Wong et al. 2020. The two batches pass the network
 * one after the other, so that batch normalisation sees each by itself.
 *
 * <p>FGSM looks at the very images on which α·CE(x) is trained. Where it sees the network as the training does, one pass
 * serves both: forward and backward passes are two each an image in place of three. It does so where nothing in the network
 * depends on the mode, or where the adversary attacks in training mode, and where labels are not smoothed. An attack in
 * evaluation mode sees a network with batch normalisation otherwise than the training does, and an attack from a random
 * start sees other images: there, nothing can be shared.
 */
public final class AdversarialLoss extends ClassifierObjective {
    /** The choice of it, with α. */
    @Named(value = "adversarial-loss", help = "weighted cross-entropies on unperturbed and on perturbed images")
    public record Choice(
            @Parameter(value = "weight of unperturbed images", min = 0, max = 1)
            double alpha) implements Defense {
        /** Refuses values outside their ranges. */
        public Choice {
            Declared.check(Choice.class, alpha);
        }

        /** The usual value. */
        public Choice() {
            this(0.5);
        }

        @Override
        public Uses uses() {
            return Uses.ATTACK;
        }

        @Override
        public ClassifierObjective objective(Training training) {
            return new AdversarialLoss(training.classifier(), training.settings(), training.adversary(), alpha);
        }
    }

    private final Adversary adversary;
    private final double alpha;
    private final boolean sharing;

    /**
     * Trains {@code classifier}.
     *
     * @param alpha weight of the images as they are, in [0, 1]; at 1 nothing is attacked
     */
    public AdversarialLoss(NetworkClassifier classifier, Settings settings, Adversary adversary, double alpha) {
        super(classifier, settings);
        if (!(alpha >= 0 && alpha <= 1)) {
            throw new InputException("alpha " + alpha + ": expected a number in [0, 1]");
        }
        this.adversary = adversary;
        this.alpha = alpha;
        this.sharing = alpha > 0 && settings.labelSmoothing() == 0 && looksAtTrainingPass(classifier, adversary);
    }

    /** Whether the attack computes what training on the images as they are computes. */
    private static boolean looksAtTrainingPass(NetworkClassifier classifier, Adversary adversary) {
        boolean modeless = classifier.module().state().size()
                == classifier.module().parameters().size();
        return adversary.attack().equals(new Fgsm(AttackLoss.CROSS_ENTROPY))
                && (modeless || adversary.mode() == Adversary.Mode.TRAINING);
    }

    @Override
    protected BatchResult evaluate(Tensor pixels, Tensor labels, Rng rng, Cost cost) {
        Map<String, Tensor> measured = new LinkedHashMap<>();
        if (alpha == 1) {
            return new BatchResult(clean(pixels, labels, measured, cost).mean(), measured);
        }
        if (sharing) {
            SharedPass pass =
                    SharedPass.of(classifier().module(), pixels, images -> clean(images, labels, measured, cost));
            Tensor perturbed = adversary.perturbedAlong(pass.imageGradient(), classifier(), pixels, labels, epoch());
            return result(pass.loss().mul(1.0 / pixels.size(0)), perturbed, labels, measured, cost);
        }
        Tensor perturbed = adversary.perturbed(classifier(), pixels, labels, epoch(), rng, cost);
        Tensor clean = alpha > 0 ? clean(pixels, labels, measured, cost).mean() : null;
        return result(clean, perturbed, labels, measured, cost);
    }

    /** Losses on images as they are, N. */
    private Tensor clean(Tensor pixels, Tensor labels, Map<String, Tensor> measured, Cost cost) {
        Tensor logits = logits(pixels, cost);
        measure(measured, logits, labels);
        return crossEntropy(logits, labels);
    }

    /** @param clean mean loss on images as they are; null where it has no weight */
    private BatchResult result(Tensor clean, Tensor perturbed, Tensor labels, Map<String, Tensor> measured, Cost cost) {
        Tensor logits = logits(perturbed, cost);
        measureAdversarial(measured, logits, labels);
        Tensor adversarial = crossEntropy(logits, labels).mean().mul(1 - alpha);
        return new BatchResult(clean == null ? adversarial : clean.mul(alpha).add(adversarial), measured);
    }
}
